package dev.nacelle.testkit.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.runtime.ContainerStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class PodWorkerTest {
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

  @Test
  void podRunsAndIsReady() throws Exception {
    rig.start();
    rig.pod("a", PLAIN);
    KubeObject pod = rig.awaitPod("a", PodWorkerTest::isReady);
    assertThat(pod.status().string("phase")).contains("Running");
    assertThat(pod.status().string("podIP")).contains("10.64.0.2");
    assertThat(NodeRig.container(pod, "web").integer("restartCount")).hasValue(0);
    assertThat(NodeRig.container(pod, "web").string("containerID"))
        .contains("nacelle://" + rig.runtime.running("web").orElseThrow().id());
  }

  @Test
  void endThatOvertakesItsStartIsNotLost() throws Exception {
    rig.runtime.endAtOnce(spec -> OptionalInt.of(0));
    rig.start();
    rig.pod("a", "restartPolicy: Never\n" + PLAIN);
    KubeObject pod = rig.awaitPhase("a", "Succeeded");
    JsonObject ended = NodeRig.container(pod, "web").object("state", "terminated");
    assertThat(ended.string("reason")).contains("Completed");
    assertThat(ended.integer("exitCode")).hasValue(0);
  }

  @Test
  void neverIsNeverRestarted() throws Exception {
    rig.runtime.endAtOnce(spec -> OptionalInt.of(3));
    rig.start();
    rig.pod("a", "restartPolicy: Never\n" + PLAIN);
    KubeObject pod = rig.awaitPhase("a", "Failed");
    assertThat(NodeRig.container(pod, "web").integer("state", "terminated", "exitCode"))
        .hasValue(3);
    assertThat(rig.runtime.calls().stream().filter("runContainer web"::equals)).hasSize(1);
  }

  @Test
  void commandThatCannotRunIsReportedAsStartError() throws Exception {
    rig.runtime.failStarts();
    rig.start();
    rig.pod("a", "restartPolicy: Never\n" + PLAIN);
    KubeObject pod = rig.awaitPhase("a", "Failed");
    JsonObject ended = NodeRig.container(pod, "web").object("state", "terminated");
    assertThat(ended.string("reason")).contains("StartError");
    assertThat(ended.integer("exitCode")).hasValue(128);
  }

  @Test
  void crashingContainerRestartsAtOnceThenBacksOff() throws Exception {
    rig.runtime.endAtOnce(spec -> OptionalInt.of(1));
    rig.start();
    rig.pod("a", PLAIN);
    KubeObject pod =
        rig.awaitPod(
            "a",
            p ->
                NodeRig.container(p, "web")
                    .string("state", "waiting", "reason")
                    .filter("CrashLoopBackOff"::equals)
                    .isPresent());
    JsonObject web = NodeRig.container(pod, "web");
    assertThat(web.integer("restartCount")).hasValue(1);
    assertThat(web.integer("lastState", "terminated", "exitCode")).hasValue(1);
    assertThat(web.string("state", "waiting", "message").orElse(""))
        .startsWith("back-off 10s restarting failed container=web pod=a_default(");
    assertThat(pod.status().string("phase")).contains("Running");
  }

  @Test
  void initContainersRunInTurnBeforeTheOthers() throws Exception {
    rig.runtime.endAtOnce(
        spec ->
            java.util.Objects.requireNonNull(spec.labels().get("io.kubernetes.container.name"))
                    .startsWith("i")
                ? OptionalInt.of(0)
                : OptionalInt.empty());
    rig.start();
    rig.pod(
        "a",
        """
        initContainers:
        - {name: i1, image: "app:1"}
        - {name: side, image: "app:1", restartPolicy: Always}
        - {name: i2, image: "app:1"}
        containers:
        - {name: web, image: "app:1"}
        """);
    rig.awaitPod("a", PodWorkerTest::isReady);
    assertThat(rig.runtime.calls().stream().filter(c -> c.startsWith("runContainer")))
        .containsExactly(
            "runContainer i1", "runContainer side", "runContainer i2", "runContainer web");
  }

  @Test
  void sidecarsEndAfterTheOthersAndThePodSucceeds() throws Exception {
    rig.start();
    rig.pod(
        "a",
        """
        restartPolicy: Never
        initContainers:
        - {name: side, image: "app:1", restartPolicy: Always}
        containers:
        - {name: web, image: "app:1"}
        """);
    rig.awaitPod("a", PodWorkerTest::isReady);
    rig.runtime.exit(rig.runtime.running("web").orElseThrow().id(), 0);
    KubeObject pod = rig.awaitPhase("a", "Succeeded");
    assertThat(NodeRig.container(pod, "side").object("state").has("terminated")).isTrue();
    assertThat(rig.runtime.running("side")).isEmpty();
  }

  @Test
  void finishedPodGivesBackItsAddressAndKeepsItsLogs() throws Exception {
    rig.start();
    KubeObject made = rig.pod("a", "restartPolicy: Never\n" + PLAIN);
    rig.awaitPod("a", PodWorkerTest::isReady);
    ContainerStatus web = rig.runtime.running("web").orElseThrow();
    Files.createDirectories(web.logPath().getParent());
    Files.writeString(web.logPath(), "2026-01-01T00:00:00.000000000Z stdout F hi\n");
    rig.runtime.exit(web.id(), 0);
    rig.awaitPhase("a", "Succeeded");
    NodeRig.await(
        "release", () -> rig.datapath.endpoints().isEmpty(), () -> rig.runtime.calls().toString());
    NodeRig.await(
        "sandbox", () -> rig.runtime.sandboxes().isEmpty(), () -> rig.runtime.calls().toString());
    assertThat(web.logPath()).exists();
    rig.api.delete(Resources.PODS, made.key(), DeleteOptions.DEFAULT);
    rig.awaitGone("a");
    assertThat(web.logPath()).doesNotExist();
  }

  @Test
  void deletedPodEndsWithItsGraceAndLeavesNothing() throws Exception {
    rig.start();
    KubeObject made = rig.pod("a", PLAIN);
    rig.awaitPod("a", PodWorkerTest::isReady);
    String id = rig.runtime.running("web").orElseThrow().id();
    rig.api.delete(Resources.PODS, made.key(), DeleteOptions.DEFAULT);
    rig.awaitGone("a");
    assertThat(rig.runtime.stopGrace(id)).contains(Duration.ofSeconds(5));
    assertThat(rig.runtime.sandboxes()).isEmpty();
    assertThat(rig.runtime.containers()).isEmpty();
    assertThat(rig.datapath.endpoints()).isEmpty();
    assertThat(rig.images.mountedContainers()).isEmpty();
    KubeObject last = rig.api.history(made.key()).getLast();
    assertThat(NodeRig.container(last, "web").integer("state", "terminated", "exitCode"))
        .hasValue(143);
  }

  @Test
  void shorterGraceThatComesLaterCounts() throws Exception {
    rig.runtime.disobey();
    rig.start();
    KubeObject made = rig.pod("a", PLAIN.replace("Seconds: 5", "Seconds: 600"));
    rig.awaitPod("a", PodWorkerTest::isReady);
    String id = rig.runtime.running("web").orElseThrow().id();
    rig.api.delete(Resources.PODS, made.key(), DeleteOptions.DEFAULT);
    NodeRig.await(
        "stop", () -> rig.runtime.stopGrace(id).isPresent(), () -> rig.runtime.calls().toString());
    rig.api.patch(
        Resources.PODS,
        made.key(),
        Patch.merge(JsonObject.EMPTY.withAt(Json.of(0), "metadata", "deletionGracePeriodSeconds")),
        WriteOptions.by("test"));
    rig.awaitGone("a");
    assertThat(rig.runtime.stopGrace(id)).contains(Duration.ZERO);
  }

  @Test
  void preStopRunsBeforeTheSignal() throws Exception {
    rig.start();
    KubeObject made =
        rig.pod(
            "a",
            """
            terminationGracePeriodSeconds: 30
            containers:
            - name: web
              image: "app:1"
              lifecycle: {preStop: {exec: {command: [say, bye]}}}
            """);
    rig.awaitPod("a", PodWorkerTest::isReady);
    String id = rig.runtime.running("web").orElseThrow().id();
    rig.api.delete(Resources.PODS, made.key(), DeleteOptions.DEFAULT);
    rig.awaitGone("a");
    assertThat(rig.runtime.calls()).containsSubsequence("execSync say bye", "stopContainer " + id);
  }

  @Test
  void podIsDeletedWhileItsImageIsPulled() throws Exception {
    rig.images.hang();
    rig.start();
    KubeObject made = rig.pod("a", PLAIN.replace("app:1", "far:1"));
    rig.awaitPod(
        "a",
        p ->
            NodeRig.container(p, "web")
                .string("state", "waiting", "reason")
                .filter("ContainerCreating"::equals)
                .isPresent());
    rig.api.delete(Resources.PODS, made.key(), DeleteOptions.DEFAULT);
    rig.awaitGone("a");
    assertThat(rig.runtime.sandboxes()).isEmpty();
  }

  @Test
  void missingImageShowsTheFailureThenTheBackOff() throws Exception {
    rig.start();
    rig.pod("a", PLAIN.replace("app:1", "nowhere:1"));
    rig.awaitPod("a", p -> waits(p, "web", "ErrImagePull"));
    KubeObject pod = rig.awaitPod("a", p -> waits(p, "web", "ImagePullBackOff"));
    assertThat(NodeRig.container(pod, "web").string("state", "waiting", "message").orElse(""))
        .startsWith("Back-off pulling image \"nowhere:1\": ErrImagePull: ");
    NodeRig.await(
        "events",
        () -> rig.eventReasons("a").containsAll(java.util.List.of("Pulling", "Failed", "BackOff")),
        () -> rig.eventReasons("a").toString());
  }

  @Test
  void pulledImageIsStartedAsSoonAsItIsHere() throws Exception {
    rig.images.hang();
    rig.images.publish("far:1");
    rig.start();
    rig.pod("a", PLAIN.replace("app:1", "far:1"));
    rig.awaitPod("a", p -> waits(p, "web", "ContainerCreating"));
    rig.images.answer();
    rig.awaitPod("a", PodWorkerTest::isReady);
  }

  @Test
  void missingConfigMapThatAppearsLetsThePodStartAtOnce() throws Exception {
    rig.start();
    rig.pod(
        "a",
        """
        containers:
        - name: web
          image: "app:1"
          env: [{name: X, valueFrom: {configMapKeyRef: {name: cfg, key: x}}}]
        """);
    KubeObject waiting = rig.awaitPod("a", p -> waits(p, "web", "CreateContainerConfigError"));
    assertThat(NodeRig.container(waiting, "web").string("state", "waiting", "message"))
        .contains("configmap \"cfg\" not found");
    rig.configMap("cfg", Map.of("x", "1"));
    rig.awaitPod("a", PodWorkerTest::isReady);
    String id = rig.runtime.running("web").orElseThrow().id();
    assertThat(rig.runtime.spec(id).orElseThrow().env()).containsEntry("X", "1");
  }

  @Test
  void changedConfigMapReachesTheFiles() throws Exception {
    rig.configMap("cfg", Map.of("x", "1"));
    rig.start();
    KubeObject made =
        rig.pod(
            "a",
            """
            containers:
            - {name: web, image: "app:1", volumeMounts: [{name: v, mountPath: /v}]}
            volumes: [{name: v, configMap: {name: cfg}}]
            """);
    rig.awaitPod("a", PodWorkerTest::isReady);
    Path file = rig.nodeDirectory().resolve("pods").resolve(made.uid()).resolve("volumes/v/x");
    assertThat(file).hasContent("1");
    rig.configMap("cfg", Map.of("x", "2", "y", "3"));
    NodeRig.await(
        "new content", () -> content(file).equals(Optional.of("2")), () -> "" + content(file));
    Path added = file.resolveSibling("y");
    NodeRig.await(
        "new file", () -> content(added).equals(Optional.of("3")), () -> "" + content(added));
    rig.api.delete(Resources.PODS, made.key(), DeleteOptions.DEFAULT.withGrace(1));
    rig.awaitGone("a");
    NodeRig.await(
        "end of the watch",
        () -> rig.api.openWatches(Resources.CONFIG_MAPS) == 0,
        () -> "" + rig.api.openWatches(Resources.CONFIG_MAPS));
  }

  @Test
  void changedLabelReachesTheDownwardApi() throws Exception {
    rig.start();
    KubeObject made =
        rig.pod(
            "a",
            """
            containers:
            - {name: web, image: "app:1", volumeMounts: [{name: v, mountPath: /v}]}
            volumes:
            - name: v
              downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
            """);
    rig.awaitPod("a", PodWorkerTest::isReady);
    rig.api.patch(
        Resources.PODS,
        made.key(),
        Patch.merge(JsonObject.EMPTY.withAt(Json.of("blue"), "metadata", "labels", "color")),
        WriteOptions.by("test"));
    Path file = rig.nodeDirectory().resolve("pods").resolve(made.uid()).resolve("volumes/v/labels");
    NodeRig.await(
        "the label",
        () -> content(file).equals(Optional.of("color=\"blue\"")),
        () -> "" + content(file));
  }

  @Test
  void ephemeralContainerJoinsARunningPod() throws Exception {
    rig.start();
    KubeObject made = rig.pod("a", PLAIN);
    rig.awaitPod("a", PodWorkerTest::isReady);
    JsonObject debug = JsonObject.builder().put("name", "debug").put("image", "app:1").build();
    rig.api.patch(
        Resources.PODS,
        made.key(),
        Patch.merge(JsonObject.EMPTY.withAt(JsonArray.of(debug), "spec", "ephemeralContainers")),
        WriteOptions.by("test"));
    rig.awaitPod("a", p -> NodeRig.container(p, "debug").object("state").has("running"));
    rig.runtime.exit(rig.runtime.running("debug").orElseThrow().id(), 1);
    KubeObject pod =
        rig.awaitPod("a", p -> NodeRig.container(p, "debug").object("state").has("terminated"));
    assertThat(pod.status().string("phase")).contains("Running");
    assertThat(isReady(pod)).isTrue();
  }

  @Test
  void deadlineEndsThePod() throws Exception {
    rig.start();
    rig.pod("a", "activeDeadlineSeconds: 1\n" + PLAIN);
    KubeObject pod = rig.awaitPhase("a", "Failed");
    assertThat(pod.status().string("reason")).contains("DeadlineExceeded");
    NodeRig.await(
        "end", () -> rig.runtime.running("web").isEmpty(), () -> rig.runtime.calls().toString());
  }

  @Test
  void podThatDoesNotFitIsRejected() throws Exception {
    rig.start();
    rig.pod(
        "a",
        """
        containers:
        - {name: web, image: "app:1", resources: {requests: {cpu: "100000"}}}
        """);
    KubeObject pod = rig.awaitPhase("a", "Failed");
    assertThat(pod.status().string("reason")).contains("OutOfcpu");
    assertThat(pod.status().string("message").orElse(""))
        .startsWith("Pod was rejected: Node didn't have enough resource: cpu, requested: ");
    assertThat(rig.runtime.sandboxes()).isEmpty();
  }

  @Test
  void secondPodWithTheSameHostPortIsRejected() throws Exception {
    String spec =
        """
        containers:
        - {name: web, image: "app:1", ports: [{containerPort: 80, hostPort: 8080}]}
        """;
    rig.start();
    rig.pod("a", spec);
    rig.awaitPod("a", PodWorkerTest::isReady);
    rig.pod("b", spec);
    KubeObject pod = rig.awaitPhase("b", "Failed");
    assertThat(pod.status().string("reason")).contains("NodePorts");
  }

  @Test
  void networkThatFailsIsTriedAgain() throws Exception {
    rig.datapath.refuse("no address is free");
    rig.start();
    rig.pod("a", PLAIN);
    NodeRig.await(
        "event",
        () -> rig.eventReasons("a").contains("FailedCreatePodSandBox"),
        () -> rig.eventReasons("a").toString());
    rig.datapath.allow();
    rig.awaitPod("a", PodWorkerTest::isReady);
  }

  @Test
  void apiThatWasDownHearsTheEndLater() throws Exception {
    rig.start();
    rig.pod("a", "restartPolicy: Never\n" + PLAIN);
    rig.awaitPod("a", PodWorkerTest::isReady);
    rig.api.goDown();
    rig.runtime.exit(rig.runtime.running("web").orElseThrow().id(), 7, Instant.now());
    rig.api.comeUp();
    rig.awaitPhase("a", "Failed");
  }

  private static boolean waits(KubeObject pod, String container, String reason) {
    return NodeRig.container(pod, container)
        .string("state", "waiting", "reason")
        .filter(reason::equals)
        .isPresent();
  }

  static boolean isReady(KubeObject pod) {
    return pod.status()
        .array("conditions")
        .objects()
        .anyMatch(
            c ->
                c.string("type").equals(Optional.of("Ready"))
                    && c.string("status").equals(Optional.of("True")));
  }

  private static Optional<String> content(Path file) {
    try {
      return Optional.of(Files.readString(file));
    } catch (java.io.IOException e) {
      return Optional.empty();
    }
  }

  static ObjectKey key(String name) {
    return new ObjectKey("default", name);
  }
}
