package dev.nacelle.testkit.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.runtime.ContainerStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a node finds when it starts again on a host where another one was killed. */
@Timeout(60)
final class NodeAdoptionTest {
  private static final String PLAIN =
      """
      terminationGracePeriodSeconds: 5
      containers:
      - {name: web, image: "app:1"}
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

  private KubeObject running(String spec) throws InterruptedException {
    rig.start();
    rig.pod("a", spec);
    return rig.awaitPod("a", PodWorkerTest::isReady);
  }

  private long starts() {
    return rig.runtime.calls().stream().filter("runContainer web"::equals).count();
  }

  @Test
  void runningPodIsTakenOverWithoutARestart() throws Exception {
    KubeObject before = running(PLAIN);
    String id = rig.runtime.running("web").orElseThrow().id();
    rig.kill();
    rig.start();
    rig.pod("b", PLAIN);
    rig.awaitPod("b", PodWorkerTest::isReady);
    assertThat(rig.runtime.container(id).orElseThrow().state())
        .isEqualTo(ContainerStatus.State.RUNNING);
    KubeObject after = rig.pod("a").orElseThrow();
    assertThat(after.status().string("podIP")).isEqualTo(before.status().string("podIP"));
    assertThat(after.status().array("conditions")).isEqualTo(before.status().array("conditions"));
    assertThat(NodeRig.container(after, "web")).isEqualTo(NodeRig.container(before, "web"));
  }

  @Test
  void containerThatEndedMeanwhileIsReportedAndRestarted() throws Exception {
    running(PLAIN);
    rig.kill();
    rig.runtime.exit(rig.runtime.running("web").orElseThrow().id(), 9);
    rig.start();
    KubeObject pod =
        rig.awaitPod("a", p -> NodeRig.container(p, "web").integer("restartCount").orElse(0) == 1);
    assertThat(NodeRig.container(pod, "web").integer("lastState", "terminated", "exitCode"))
        .hasValue(9);
    assertThat(NodeRig.container(pod, "web").object("state").has("running")).isTrue();
  }

  @Test
  void containerOfNeverThatEndedMeanwhileIsReportedAndNotRestarted() throws Exception {
    running("restartPolicy: Never\n" + PLAIN);
    rig.kill();
    rig.runtime.exit(rig.runtime.running("web").orElseThrow().id(), 9);
    rig.start();
    KubeObject pod = rig.awaitPhase("a", "Failed");
    assertThat(NodeRig.container(pod, "web").integer("state", "terminated", "exitCode"))
        .hasValue(9);
    assertThat(starts()).isEqualTo(1);
  }

  @Test
  void restartCountAndLastStateAreKept() throws Exception {
    running(PLAIN);
    rig.runtime.exit(rig.runtime.running("web").orElseThrow().id(), 4);
    rig.awaitPod("a", p -> NodeRig.container(p, "web").integer("restartCount").orElse(0) == 1);
    KubeObject before = rig.awaitPod("a", PodWorkerTest::isReady);
    rig.kill();
    // the runtime may forget old attempts; the status does not
    rig.runtime.containers().stream()
        .filter(c -> c.exit().isPresent())
        .forEach(c -> rig.runtime.removeContainer(c.id()));
    rig.start();
    rig.pod("b", PLAIN);
    rig.awaitPod("b", PodWorkerTest::isReady);
    assertThat(NodeRig.container(rig.pod("a").orElseThrow(), "web"))
        .isEqualTo(NodeRig.container(before, "web"));
  }

  @Test
  void podDeletedMeanwhileEnds() throws Exception {
    KubeObject pod = running(PLAIN);
    rig.kill();
    rig.api.delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT);
    rig.start();
    rig.awaitGone("a");
    assertThat(rig.runtime.sandboxes()).isEmpty();
    assertThat(rig.runtime.calls().stream().filter(c -> c.startsWith("stopContainer"))).hasSize(1);
  }

  @Test
  void terminationGoesOnWhereThePlatformDiedInIt() throws Exception {
    KubeObject pod = running(PLAIN.replace("Seconds: 5", "Seconds: 600"));
    rig.runtime.disobey();
    String id = rig.runtime.running("web").orElseThrow().id();
    rig.api.delete(Resources.PODS, pod.key(), DeleteOptions.DEFAULT);
    NodeRig.await(
        "stop", () -> rig.runtime.stopGrace(id).isPresent(), () -> rig.runtime.calls().toString());
    rig.kill();
    rig.start();
    NodeRig.await(
        "second stop",
        () -> rig.runtime.calls().stream().filter(("stopContainer " + id)::equals).count() == 2,
        () -> rig.runtime.calls().toString());
    rig.runtime.exit(id, 0);
    rig.awaitGone("a");
  }

  @Test
  void whatPodsLeftThatAreNoMoreIsReleased() throws Exception {
    KubeObject pod = running(PLAIN);
    rig.kill();
    rig.api.remove(Resources.PODS, pod.key());
    rig.start();
    NodeRig.await(
        "release", () -> rig.runtime.sandboxes().isEmpty(), () -> rig.runtime.calls().toString());
    NodeRig.await(
        "its directory",
        () -> !Files.exists(rig.nodeDirectory().resolve("pods").resolve(pod.uid())),
        () -> "");
    assertThat(rig.datapath.endpoints()).isEmpty();
  }

  @Test
  void finishedPodIsLeftAlone() throws Exception {
    rig.runtime.endAtOnce(spec -> OptionalInt.of(0));
    rig.start();
    rig.pod("a", "restartPolicy: Never\n" + PLAIN);
    rig.awaitPhase("a", "Succeeded");
    NodeRig.await(
        "release", () -> rig.runtime.sandboxes().isEmpty(), () -> rig.runtime.calls().toString());
    KubeObject before = rig.pod("a").orElseThrow();
    rig.kill();
    rig.start();
    rig.pod("b", "restartPolicy: Never\n" + PLAIN);
    rig.awaitPhase("b", "Succeeded");
    assertThat(rig.pod("a").orElseThrow().status()).isEqualTo(before.status());
    assertThat(starts()).isEqualTo(2);
  }

  @Test
  void rebootMakesANewSandboxAndRunsInitContainersAgain() throws Exception {
    rig.runtime.endAtOnce(
        spec ->
            "init".equals(spec.labels().get("io.kubernetes.container.name"))
                ? OptionalInt.of(0)
                : OptionalInt.empty());
    running("initContainers: [{name: init, image: \"app:1\"}]\n" + PLAIN);
    rig.kill();
    rig.runtime.reboot();
    rig.start();
    KubeObject pod =
        rig.awaitPod(
            "a",
            p ->
                PodWorkerTest.isReady(p)
                    && NodeRig.container(p, "web").integer("restartCount").orElse(0) == 1);
    assertThat(NodeRig.container(pod, "init").integer("restartCount")).hasValue(1);
    assertThat(NodeRig.container(pod, "web").string("lastState", "terminated", "reason"))
        .contains("ContainerStatusUnknown");
    assertThat(rig.runtime.calls())
        .containsSubsequence(
            "ensureSandbox " + pod.uid() + "-1", "runContainer init", "runContainer web");
    NodeRig.await(
        "event",
        () -> rig.eventReasons("a").contains("SandboxChanged"),
        () -> rig.eventReasons("a").toString());
  }
}
