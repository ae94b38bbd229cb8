package dev.nacelle.testkit.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.node.volume.ImageVolumes;
import dev.nacelle.runtime.Mount;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images as volumes, and the waits of pulls, over a registry made by hand. */
@Timeout(60)
final class ImageVolumeWorkerTest {
  private static final String WITH_VOLUME =
      """
      containers:
      - name: web
        image: "app:1"
        volumeMounts: [{name: data, mountPath: /data}]
      - {name: other, image: "app:1"}
      volumes:
      - {name: data, image: {reference: "%s", pullPolicy: %s}}
      """;

  @TempDir private Path directory;
  private NodeRig rig;

  @BeforeEach
  void makeRig() {
    rig = new NodeRig(directory);
  }

  @AfterEach
  void closeRig() {
    rig.close();
  }

  private String waiting(String name, String field) {
    return NodeRig.container(rig.pod(name).orElseThrow(), "web")
        .string("state", "waiting", field)
        .orElse("");
  }

  private void awaitReason(String reason) {
    rig.awaitPod("a", p -> waiting("a", "reason").equals(reason));
  }

  private void awaitNothingMounted() {
    NodeRig.await(
        "nothing is mounted",
        () -> rig.images.mountedContainers().isEmpty(),
        () -> rig.images.mountedContainers().toString());
  }

  @Test
  void anImageIsMountedReadOnlyWithoutProgramsAndUnmountedWithItsPod() throws Exception {
    rig.images.publish("data:1");
    rig.start();
    KubeObject pod = rig.pod("a", WITH_VOLUME.formatted("data:1", "IfNotPresent"));
    rig.awaitPod("a", PodWorkerTest::isReady);
    String volume = ImageVolumes.id(pod.uid(), "data");
    assertThat(rig.images.mountedContainers()).contains(volume);
    Mount.Bind mount =
        rig
            .runtime
            .spec(rig.runtime.running("web").orElseThrow().id())
            .orElseThrow()
            .mounts()
            .stream()
            .filter(m -> m.target().equals("/data"))
            .map(Mount.Bind.class::cast)
            .findFirst()
            .orElseThrow();
    assertThat(mount.options()).contains(Mount.Option.READ_ONLY, Mount.Option.NO_EXEC);
    assertThat(mount.source()).isEqualTo(rig.images.mounted(volume).orElseThrow().merged());
    rig.api.delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT.withGrace(0));
    awaitNothingMounted();
  }

  @Test
  void onlyWhatMountsAMissingImageWaitsForIt() throws Exception {
    rig.start();
    rig.pod("a", WITH_VOLUME.formatted("gone:1", "IfNotPresent"));
    awaitReason("ErrImagePull");
    awaitReason("ImagePullBackOff");
    assertThat(waiting("a", "message"))
        .startsWith(
            "Back-off pulling image \"gone:1\": ErrImagePull: failed to pull image \"gone:1\": ");
    assertThat(rig.runtime.running("other")).isPresent();
    NodeRig.await(
        "events",
        () -> rig.eventReasons("a").containsAll(List.of("Pulling", "Failed", "BackOff")),
        () -> rig.eventReasons("a").toString());
  }

  @Test
  void aNameThatIsNoneAndAnImageThatMustNotBePulledAreNamedAsSuch() throws Exception {
    rig.start();
    rig.pod("a", WITH_VOLUME.formatted("No/Name:1", "IfNotPresent"));
    awaitReason("InvalidImageName");
    assertThat(waiting("a", "message"))
        .startsWith("Failed to apply default image tag \"No/Name:1\": couldn't parse");
    rig.pod("b", WITH_VOLUME.formatted("gone:1", "Never"));
    rig.awaitPod("b", p -> waiting("b", "reason").equals("ErrImageNeverPull"));
    assertThat(rig.images.pulls("gone:1")).isZero();
  }

  @Test
  void anImageThatTurnsOutDamagedIsToldOfAndPulledAgain() throws Exception {
    rig.images.publish("data:1");
    rig.images.add("data:1").damage("data:1");
    rig.start();
    rig.pod("a", WITH_VOLUME.formatted("data:1", "IfNotPresent"));
    rig.awaitPod("a", PodWorkerTest::isReady);
    assertThat(rig.images.pulls("data:1")).isEqualTo(1);
    NodeRig.await(
        "events",
        () -> rig.eventReasons("a").containsAll(List.of("InspectFailed", "Pulling")),
        () -> rig.eventReasons("a").toString());
  }

  @Test
  void anImageThatTurnsOutDamagedAndMustNotBePulledIsAnErrorThatNamesThePlace() throws Exception {
    rig.images.add("data:1").damage("data:1");
    rig.start();
    rig.pod("a", WITH_VOLUME.formatted("data:1", "Never"));
    awaitReason("ImageInspectError");
    assertThat(waiting("a", "message"))
        .isEqualTo("Failed to inspect image \"data:1\": layer a: chunk 3 differs from what came");
    assertThat(rig.images.pulls("data:1")).isZero();
  }

  @Test
  void aContainerThatStartsAgainUsesWhatIsMountedAlsoAfterARestartOfTheNode() throws Exception {
    rig.images.publish("data:1");
    rig.start();
    KubeObject pod = rig.pod("a", WITH_VOLUME.formatted("data:1", "Always"));
    rig.awaitPod("a", PodWorkerTest::isReady);
    rig.runtime.exit(rig.runtime.running("web").orElseThrow().id(), 1);
    rig.awaitPod("a", p -> NodeRig.container(p, "web").integer("restartCount").orElse(0) == 1);
    rig.kill();
    rig.runtime.exit(rig.runtime.running("web").orElseThrow().id(), 1);
    rig.start();
    rig.awaitPod("a", p -> NodeRig.container(p, "web").integer("restartCount").orElse(0) == 2);
    assertThat(rig.images.pulls("data:1")).isEqualTo(1);
    rig.api.delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT.withGrace(0));
    awaitNothingMounted();
  }

  @Test
  void aPodThatIsNoMoreLeavesNoVolumeBehind() throws Exception {
    rig.images.publish("data:1");
    rig.start();
    KubeObject pod = rig.pod("a", WITH_VOLUME.formatted("data:1", "IfNotPresent"));
    rig.awaitPod("a", PodWorkerTest::isReady);
    rig.kill();
    rig.api.delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT.withGrace(0));
    rig.start();
    awaitNothingMounted();
  }

  @Test
  void aPathThatTheImageDoesNotHaveIsRefused() throws Exception {
    rig.images.publish("data:1");
    rig.start();
    rig.pod(
        "a",
        WITH_VOLUME
            .formatted("data:1", "IfNotPresent")
            .replace("mountPath: /data", "mountPath: /data, subPath: no/where"));
    awaitReason("CreateContainerError");
    assertThat(waiting("a", "message")).startsWith("ImageVolumeMountFailed: \"no/where\"");
  }

  @Test
  void aChangedImageDoesNotWaitForTheOldOne() throws Exception {
    rig.start();
    String spec = "containers:\n- {name: web, image: \"%s\"}\n";
    rig.pod("early", spec.formatted("late:1"));
    rig.awaitPod("early", p -> !waiting("early", "message").isEmpty());
    rig.images.publish("late:1");
    rig.pod("a", spec.formatted("gone:1"));
    awaitReason("ErrImagePull");
    JsonObject change =
        JsonReader.readObject(
            Bytes.utf8("{\"spec\":{\"containers\":[{\"name\":\"web\",\"image\":\"app:1\"}]}}"));
    rig.api.patch(
        Resources.PODS, PodWorkerTest.key("a"), Patch.merge(change), WriteOptions.by("test"));
    rig.awaitPod("a", PodWorkerTest::isReady);
    assertThat(rig.pod("early").filter(PodWorkerTest::isReady)).isEqualTo(Optional.empty());
  }

  @Test
  void pullSecretsThatAreNotThereAreTold() throws Exception {
    rig.images.publish("far:1");
    rig.start();
    rig.pod("a", "imagePullSecrets: [{name: one}]\ncontainers:\n- {name: web, image: \"far:1\"}\n");
    rig.awaitPod("a", PodWorkerTest::isReady);
    NodeRig.await(
        "events",
        () -> rig.eventReasons("a").contains("FailedToRetrieveImagePullSecret"),
        () -> rig.eventReasons("a").toString());
  }
}
