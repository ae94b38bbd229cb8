package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The verbs of stock kubectl, as people type them. */
@Tag("e2e")
class KubectlVerbsTest {
  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("verb");

  private static final String POD =
      """
      apiVersion: v1
      kind: Pod
      metadata:
        name: counter
        labels: {app: counter}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - name: main
            image: nacelle.test/busybox:1
            command: ["sh", "-c", "i=0; while true; do echo line $i; i=$((i+1)); usleep 100000; done"]
      """;

  private static final String WORKLOAD =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: c}
      data: {a: "1"}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: d, labels: {app: d}}
      spec:
        replicas: 1
        selector: {matchLabels: {app: d}}
        template:
          metadata: {labels: {app: d}}
          spec:
            terminationGracePeriodSeconds: 0
            containers:
              - name: main
                image: nacelle.test/busybox:1
                command: ["sh", "-c", "echo started; exec sleep 100000"]
                env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: a}}}]
                ports: [{containerPort: 80}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: d}
      spec: {selector: {app: d}, ports: [{port: 80}]}
      """;

  @BeforeAll
  static void run() {
    PLATFORM.kubectl().apply(POD);
    PLATFORM.kubectl().await("condition=Ready", "pod/counter");
  }

  @Test
  void logsFollowShowsEachLineOnceInOrder() {
    try (BackgroundCommand logs =
        PLATFORM.kubectl().command("logs", "-f", "counter").background()) {
      int start = logs.lines().size();
      Eventually.holds("lines arrive", () -> logs.lines().size() > start + 20);
      List<String> lines = logs.lines();
      assertThat(lines)
          .isEqualTo(IntStream.range(0, lines.size()).mapToObj(i -> "line " + i).toList());
    }
    assertThat(PLATFORM.kubectl().ok("logs", "counter", "--tail=3")).hasLineCount(3);
    assertThat(PLATFORM.kubectl().ok("logs", "counter", "--tail=1", "--timestamps"))
        .matches("\\d{4}-\\d\\d-\\d\\dT\\S+Z line \\d+\\n");
    assertThat(PLATFORM.kubectl().ok("logs", "counter", "--limit-bytes=6")).isEqualTo("line 0");
    // kubectl asks for ten lines where a selector names the pods
    assertThat(PLATFORM.kubectl().ok("logs", "-l", "app=counter")).hasLineCount(10);
  }

  @Test
  void logsOfThePreviousContainerAreKept() {
    Kubectl kubectl = PLATFORM.kubectlIn("previous");
    kubectl.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: again}
        spec:
          terminationGracePeriodSeconds: 0
          containers:
            - name: main
              image: nacelle.test/busybox:1
              command: ["sh", "-c", "echo run $(cat /keep/n || echo 0); echo x >> /keep/n; [ $(wc -l < /keep/n) -gt 1 ] && exec sleep 100000; exit 3"]
              volumeMounts: [{name: keep, mountPath: /keep}]
          volumes: [{name: keep, emptyDir: {}}]
        """);
    kubectl.awaitPath(
        "{.status.containerStatuses[0].restartCount}/{.status.containerStatuses[0].ready}",
        "1/true"::equals,
        "pod",
        "again");
    assertThat(kubectl.ok("logs", "-p", "again")).contains("run 0");
    assertThat(kubectl.ok("logs", "again")).contains("run x").doesNotContain("run 0");
    assertThat(
            kubectl.path(
                "{.status.containerStatuses[0].lastState.terminated.exitCode}", "pod", "again"))
        .isEqualTo("3");
  }

  @Test
  void runWithStandardInputAttachesAndTidiesUp() {
    Kubectl kubectl = PLATFORM.kubectlIn("once");
    Command run =
        kubectl.command(
            "run",
            "once",
            "--rm",
            "-i",
            "--restart=Never",
            "--image=" + PlatformUnderTest.IMAGE,
            "--command",
            "--",
            "sh",
            "-c",
            "read line; echo got $line");
    assertThat(run.reading("hello\n").run().ok())
        .contains("got hello")
        .contains("pod \"once\" deleted");
    assertThat(kubectl.ok("get", "pods", "-o", "name")).isEmpty();
  }

  @Test
  void aWatchPrintsALineForEachChange() {
    Kubectl kubectl = PLATFORM.kubectlIn("watched");
    try (BackgroundCommand watch =
        kubectl.command("get", "pods", "--watch", "--output-watch-events").background()) {
      kubectl.ok("run", "seen", "--image=" + PlatformUnderTest.IMAGE, "--", "sleep", "100000");
      Eventually.holds(
          "the pod is seen to come up",
          () -> watch.lines().stream().anyMatch(l -> l.matches("MODIFIED +seen +1/1 +Running .*")),
          () -> String.join("\n", watch.lines()));
      kubectl.ok("delete", "pod", "seen", "--now");
      Eventually.holds(
          "the pod is seen to go",
          () -> watch.lines().stream().anyMatch(l -> l.startsWith("DELETED ")),
          () -> String.join("\n", watch.lines()));
      assertThat(watch.lines().getFirst()).startsWith("EVENT ");
      assertThat(watch.lines().get(1)).matches("ADDED +seen +0/1 +Pending .*");
    }
  }

  @Test
  void aCordonedNodeTakesNoPodUntilItIsUncordoned() {
    Kubectl kubectl = PLATFORM.kubectlIn("cordon");
    String node = kubectl.path("{.items[0].metadata.name}", "nodes");
    kubectl.ok("cordon", node);
    try {
      assertThat(kubectl.ok("get", "node", node)).contains("Ready,SchedulingDisabled");
      kubectl.ok("run", "late", "--image=" + PlatformUnderTest.IMAGE, "--", "sleep", "100000");
      kubectl.awaitPath(
          "{.status.conditions[?(@.type=='PodScheduled')].message}",
          message -> message.contains("0/1 nodes are available: 1 node(s) were unschedulable"),
          "pod",
          "late");
    } finally {
      kubectl.ok("uncordon", node);
    }
    kubectl.await("condition=Ready", "pod/late");
  }

  @Test
  void rightsAreToldAndEnforced() {
    Kubectl kubectl = PLATFORM.kubectlIn("rights");
    kubectl.ok("create", "serviceaccount", "reader");
    kubectl.ok("create", "role", "reader", "--verb=get,list", "--resource=configmaps");
    kubectl.ok(
        "create", "rolebinding", "reader", "--role=reader", "--serviceaccount=rights:reader");
    String reader = "--as=system:serviceaccount:rights:reader";
    Eventually.sees(
        "the binding counts",
        () -> kubectl.run("auth", "can-i", "list", "configmaps", reader).out(),
        "yes\n"::equals);
    assertThat(kubectl.run("auth", "can-i", "delete", "configmaps", reader).out())
        .isEqualTo("no\n");
    String token = kubectl.ok("create", "token", "reader").strip();
    Kubectl bearer = PLATFORM.get().kubectlBearing(token).in("rights");
    assertThat(bearer.ok("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"))
        .isEqualTo("system:serviceaccount:rights:reader");
    assertThat(bearer.ok("get", "configmaps", "-o", "name")).contains("configmap/kube-root-ca.crt");
    assertThat(bearer.run("get", "secrets").err())
        .contains(
            "Error from server (Forbidden): secrets is forbidden: User"
                + " \"system:serviceaccount:rights:reader\" cannot list resource \"secrets\" in API"
                + " group \"\" in the namespace \"rights\"");
  }

  @Test
  void describeShowsThePodAndItsEvents() {
    assertThat(PLATFORM.kubectl().ok("describe", "pod", "counter"))
        .contains("Name:", "Node:", "IP:", "Container ID:", "State:", "Running", "Events:")
        .contains("Scheduled", "Created", "Started");
    assertThat(PLATFORM.kubectl().ok("describe", "node"))
        .contains("Capacity:", "Allocatable:", "Ready", "default", "counter");
  }

  @Test
  void explainKnowsTheFieldsAndTheirText() {
    assertThat(PLATFORM.kubectl().ok("explain", "deployment.spec.strategy.rollingUpdate"))
        .contains("maxSurge", "maxUnavailable", "DESCRIPTION");
    assertThat(PLATFORM.kubectl().ok("explain", "pod.spec.containers.livenessProbe"))
        .contains("periodSeconds", "How often (in seconds) to perform the probe");
    assertThat(PLATFORM.kubectl().ok("explain", "ngroup.spec")).contains("profileRef", "replicas");
  }

  @Test
  void getPrintsEveryForm() {
    Kubectl kubectl = PLATFORM.kubectl();
    assertThat(kubectl.ok("get", "pod", "counter", "-o", "wide"))
        .contains("NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE");
    assertThat(kubectl.ok("get", "pod", "counter", "-o", "yaml"))
        .contains("kind: Pod\n", "  name: counter\n", "phase: Running");
    assertThat(kubectl.ok("get", "pod", "counter", "-o", "name")).isEqualTo("pod/counter\n");
    assertThat(kubectl.path("{.status.phase}", "pod", "counter")).isEqualTo("Running");
    assertThat(kubectl.ok("get", "pods", "-o", "custom-columns=N:.metadata.name,P:.status.phase"))
        .containsPattern("N +P\n")
        .containsPattern("counter +Running");
    assertThat(kubectl.ok("get", "all", "-A")).contains("service/kubernetes");
    assertThat(kubectl.ok("api-resources")).contains("containergroupprofiles", "cgp", "ng");
    assertThat(kubectl.ok("get", "pods", "--field-selector=status.phase=Running", "-o", "name"))
        .contains("pod/counter");
    assertThat(kubectl.ok("get", "--raw", "/readyz")).isEqualTo("ok");
  }

  @Test
  void labelAnnotatePatchAndEditChangeAnObject() throws IOException {
    Kubectl kubectl = PLATFORM.kubectlIn("change");
    kubectl.ok("create", "configmap", "c", "--from-literal=a=1");
    kubectl.ok("label", "configmap", "c", "tier=front");
    assertThat(kubectl.run("label", "configmap", "c", "tier=back").err())
        .contains("--overwrite is false");
    kubectl.ok("label", "configmap", "c", "tier=back", "--overwrite");
    kubectl.ok("annotate", "configmap", "c", "note=hello");
    kubectl.ok("patch", "configmap", "c", "--type=merge", "-p", "{\"data\":{\"b\":\"2\"}}");
    kubectl.ok(
        "patch",
        "configmap",
        "c",
        "--type=json",
        "-p",
        "[{\"op\":\"replace\",\"path\":\"/data/a\",\"value\":\"3\"}]");
    Path editor = Files.createTempFile(PLATFORM.get().scratch(), "editor", ".sh");
    Files.writeString(editor, "#!/bin/sh\nexec sed -i 's/b: \"2\"/b: \"4\"/' \"$1\"\n");
    Files.setPosixFilePermissions(editor, PosixFilePermissions.fromString("rwx------"));
    assertThat(
            kubectl
                .command("edit", "configmap", "c")
                .env("KUBE_EDITOR", editor.toString())
                .run()
                .ok())
        .contains("configmap/c edited");
    assertThat(
            kubectl.path(
                "{.data.a} {.data.b} {.metadata.labels.tier} {.metadata.annotations.note}",
                "configmap",
                "c"))
        .isEqualTo("3 4 back hello");
    assertThat(kubectl.ok("delete", "configmap", "c")).contains("configmap \"c\" deleted");
    assertThat(kubectl.run("get", "configmap", "c").err())
        .contains("Error from server (NotFound): configmaps \"c\" not found");
  }

  static List<Path> programs() {
    return Kubectl.programs();
  }

  @ParameterizedTest
  @MethodSource("programs")
  void everyKubectlOfThisMachineAppliesAndReads(Path program) {
    Kubectl kubectl = PLATFORM.get().kubectl(program);
    String namespace = String.valueOf(program.getFileName()).replace('.', '-');
    kubectl.ok("create", "namespace", namespace);
    Kubectl inside = kubectl.in(namespace);
    assertThat(inside.apply(WORKLOAD).lines()).hasSize(3).allMatch(l -> l.endsWith(" created"));
    assertThat(inside.apply(WORKLOAD).lines()).hasSize(3).allMatch(l -> l.endsWith(" unchanged"));
    assertThat(inside.apply(WORKLOAD, "--server-side", "--force-conflicts").lines())
        .hasSize(3)
        .allMatch(l -> l.endsWith(" serverside-applied"));
    // the first writes down anew, in its own form, what was applied last
    inside.apply(WORKLOAD);
    assertThat(inside.apply(WORKLOAD).lines()).hasSize(3).allMatch(l -> l.endsWith(" unchanged"));
    assertThat(inside.ok("rollout", "status", "deployment/d", "--timeout=90s"))
        .contains("successfully rolled out");
    assertThat(inside.ok("get", "deployment,pod,service", "-o", "wide"))
        .containsPattern("deployment.apps/d +1/1 +1 +1 ")
        .containsPattern("pod/d-\\S+ +1/1 +Running +0 ")
        .containsPattern("service/d +ClusterIP +10\\.");
    assertThat(inside.ok("get", "pods", "-o", "jsonpath={.items[*].status.phase}"))
        .isEqualTo("Running");
    assertThat(inside.ok("describe", "deployment", "d"))
        .contains("1 desired | 1 updated | 1 total | 1 available")
        .contains("Scaled up replica set d-");
    assertThat(inside.ok("describe", "pod", "-l", "app=d")).contains("Started", "Ready");
    assertThat(inside.ok("describe", "service", "d"))
        .containsPattern("Endpoints: +10\\.\\d+\\.\\d+\\.\\d+:80\\n");
    assertThat(inside.ok("logs", "deployment/d")).isEqualTo("started\n");
    assertThat(inside.ok("explain", "pod.spec.hostNetwork")).contains("hostNetwork");
    inside.ok("scale", "deployment/d", "--replicas=2");
    inside.await("jsonpath={.status.readyReplicas}=2", "deployment/d");
    Command unknown = inside.command("apply", "-f", "-");
    assertThat(unknown.reading(WORKLOAD.replace("\ndata:", "\nother: 1\ndata:")).run().err())
        .contains("unknown field \"other\"");
    assertThat(inside.command("delete", "-f", "-").reading(WORKLOAD).run().ok())
        .contains("deployment.apps \"d\" deleted");
    kubectl.ok("delete", "namespace", namespace);
  }
}
