package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Two hosts, one cluster: the second joins with a token and a certificate of its own, runs pods,
 * and both hosts' pods reach each other and the Services by direct routes.
 */
@Tag("e2e")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SecondHostTest {
  private static final String SERVICE =
      """
      apiVersion: v1
      kind: Service
      metadata: {name: web}
      spec:
        type: NodePort
        selector: {app: web}
        ports: [{port: 80, targetPort: 8080}]
      """;
  private static final String COUNTER =
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: counter}
      spec:
        nodeSelector: {kubernetes.io/hostname: second}
        terminationGracePeriodSeconds: 0
        containers:
          - name: main
            image: "nacelle.test/busybox:1"
            command: ["sh", "-c", "i=0; while true; do echo $i; i=$((i+1)); usleep 10000; done"]
      """;

  private HostGroup group;

  private static String pod(String name, String node) {
    return """
        apiVersion: v1
        kind: Pod
        metadata: {name: %s, labels: {app: web}}
        spec:
          nodeSelector: {kubernetes.io/hostname: %s}
          terminationGracePeriodSeconds: 0
          containers:
            - name: main
              image: "nacelle.test/busybox:1"
              command: ["sh", "-c", "mkdir -p /tmp/www; echo %s >/tmp/www/index.html; echo serving; exec httpd -f -p 8080 -h /tmp/www"]
              readinessProbe: {httpGet: {port: 8080, path: /}, periodSeconds: 1}
        """
        .formatted(name, node, name);
  }

  private NamespacedHost first() {
    return group.first();
  }

  private NamespacedHost second() {
    return group.host("second");
  }

  private Kubectl kubectl() {
    return group.kubectl();
  }

  private String server() {
    return group.server();
  }

  @BeforeAll
  void twoHostsAndTwoPods() throws IOException, InterruptedException {
    HostGroup.missing().ifPresent(Assumptions::abort);
    group = HostGroup.of("first", "second");
    try {
      group.start();
      first().importBusybox();
      String said = group.join(second(), "--node-labels", "topology.kubernetes.io/zone=b");
      assertThat(said).contains("joined " + server()).doesNotContain("kubeconfig");
      second().importBusybox();
      kubectl().apply(pod("one", "first") + "---\n" + pod("two", "second") + "---\n" + SERVICE);
      kubectl().apply(COUNTER);
      kubectl().await("condition=Ready", "pod/one", "pod/two", "pod/counter");
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + group.logTails(), e);
    }
  }

  @AfterAll
  void removeBoth() throws IOException, InterruptedException {
    if (group != null) {
      group.close();
    }
  }

  @Test
  @Order(14)
  void aFurtherHostRunsImagesOfTheClustersRegistryByTheSameName() {
    Assumptions.assumeTrue(Command.find("skopeo").isPresent(), "no skopeo on this machine");
    String address =
        JsonReader.readObject(Bytes.utf8(first().verb("status", "-o", "json").run().ok()))
            .string("registry", "address")
            .orElseThrow();
    kubectl().ok("create", "serviceaccount", "pushes");
    kubectl()
        .ok(
            "create",
            "rolebinding",
            "pushes",
            "--clusterrole=nacelle:registry-pusher",
            "--serviceaccount=default:pushes");
    String token = kubectl().ok("create", "token", "pushes").strip();
    OciImage.ofBusybox(first().scratch());
    first()
        .command("skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false")
        .with("--dest-creds", "any:" + token)
        .with("oci:" + first().scratch().resolve("image") + ":it")
        .with("docker://" + address + "/default/app:v1")
        .run()
        .ok();
    kubectl()
        .apply(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: of-registry}
            spec:
              nodeSelector: {kubernetes.io/hostname: second}
              restartPolicy: Never
              containers:
                - {name: main, image: "127.0.0.1:%s/default/app:v1", command: [echo, hello]}
            """
                .formatted(address.substring(address.indexOf(':') + 1)));
    kubectl().awaitPath("{.status.phase}", "Succeeded"::equals, "pod", "of-registry");
    assertThat(kubectl().ok("logs", "of-registry")).isEqualTo("hello\n");
  }

  private String path(String path, String... object) {
    return kubectl().path(path, object);
  }

  private String exec(String pod, String... words) {
    return kubectl().command("exec", pod, "--").with(words).run().ok();
  }

  private String counter() {
    return path(
            "{.metadata.uid} {.status.podIP} {.status.containerStatuses[0].containerID}"
                + " {.status.containerStatuses[0].restartCount}",
            "pod",
            "counter")
        + " "
        + ContainerProcess.of(kubectl(), "counter", "main");
  }

  @Test
  @Order(1)
  void theSecondNodeIsReadyWithItsLabelsAndARangeOfItsOwn() {
    kubectl().await("condition=Ready", "node/first", "node/second");
    assertThat(path("{.metadata.labels.topology\\.kubernetes\\.io/zone}", "node/second"))
        .isEqualTo("b");
    assertThat(path("{.spec.podCIDR}", "node/second"))
        .isNotEmpty()
        .isNotEqualTo(path("{.spec.podCIDR}", "node/first"));
  }

  @Test
  @Order(2)
  void aPodLandsWhereItsSelectorSays() {
    assertThat(path("{.spec.nodeName}", "pod/one")).isEqualTo("first");
    assertThat(path("{.spec.nodeName}", "pod/two")).isEqualTo("second");
    assertThat(path("{.status.hostIP}", "pod/two")).isEqualTo(second().address());
  }

  @Test
  @Order(3)
  void podsOfBothHostsReachEachOtherAndTheHosts() {
    String one = path("{.status.podIP}", "pod/one");
    String two = path("{.status.podIP}", "pod/two");
    assertThat(exec("one", "wget", "-qO-", "http://" + two + ":8080/").strip()).isEqualTo("two");
    assertThat(exec("two", "wget", "-qO-", "http://" + one + ":8080/").strip()).isEqualTo("one");
    for (NamespacedHost host : group.hosts()) {
      assertThat(fetched(host, one + ":8080")).isEqualTo("one");
      assertThat(fetched(host, two + ":8080")).isEqualTo("two");
    }
  }

  private static String fetched(NamespacedHost from, String address) {
    return from.command("busybox", "wget", "-qO-", "http://" + address + "/").run().ok().strip();
  }

  @Test
  @Order(4)
  void aServiceAnswersByNameFromBothHostsOnBothHosts() {
    for (String pod : List.of("one", "two")) {
      var answers = new HashSet<String>();
      Eventually.holds(
          "pod " + pod + " has heard both ends of the Service",
          () -> {
            answers.add(exec(pod, "wget", "-qO-", "http://web/").strip());
            return answers.containsAll(List.of("one", "two"));
          },
          answers::toString);
      assertThat(answers).containsExactlyInAnyOrder("one", "two");
    }
  }

  @Test
  @Order(5)
  void aNodePortAnswersOnBothHostsToBothHosts() {
    String port = path("{.spec.ports[0].nodePort}", "service/web");
    for (NamespacedHost client : group.hosts()) {
      for (NamespacedHost server : group.hosts()) {
        var answers = new HashSet<String>();
        Eventually.holds(
            client.address() + " has heard both ends of the Service from " + server.address(),
            () -> {
              answers.add(fetched(client, server.address() + ":" + port));
              return answers.containsAll(List.of("one", "two"));
            },
            answers::toString);
      }
    }
  }

  @Test
  @Order(6)
  void packetsTakeDirectRoutes() {
    String range = path("{.spec.podCIDR}", "node/second");
    assertThat(first().command("ip", "route", "show", range).run().ok())
        .contains("via " + second().address());
  }

  @Test
  @Order(7)
  void logsAndExecReachTheSecondHostThroughTheApi() {
    assertThat(kubectl().ok("logs", "two")).isEqualTo("serving\n");
    assertThat(kubectl().command("exec", "-i", "two", "--", "cat").reading("hello").run().ok())
        .isEqualTo("hello");
    Command.Outcome failed = kubectl().run("exec", "two", "--", "sh", "-c", "exit 7");
    assertThat(failed.exitCode()).as(failed.all()).isEqualTo(7);
    try (BackgroundCommand follow = kubectl().command("logs", "-f", "two").background()) {
      follow.awaitLine("serving");
    }
  }

  @Test
  @Order(12)
  void execOverSpdyAndPortForwardInBothFormsReachTheSecondHost() {
    Command exec = kubectl().command("exec", "-i", "two", "--", "cat").reading("hello");
    assertThat(exec.env("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "false").run().ok())
        .isEqualTo("hello");
    for (String webSockets : List.of("true", "false")) {
      Command forward =
          kubectl()
              .command("port-forward", "pod/two", ":8080")
              .env("KUBECTL_PORT_FORWARD_WEBSOCKETS", webSockets);
      try (BackgroundCommand running = forward.background()) {
        running.awaitLine("127.0.0.1:");
        String address =
            String.join("", running.lines()).replaceAll(".*(127\\.0\\.0\\.1:\\d+) ->.*", "$1");
        assertThat(
                first()
                    .command("busybox", "wget", "-qO-", "http://" + address + "/")
                    .run()
                    .ok()
                    .strip())
            .isEqualTo("two");
      }
    }
  }

  @Test
  @Order(13)
  void proxiesReachPodsOfTheSecondHostAndItsNode() {
    String pod = "/api/v1/namespaces/default/pods/two:8080/proxy/";
    assertThat(kubectl().command("get", "--raw", pod).run().ok()).isEqualTo("two\n");
    String node = "/api/v1/nodes/second/proxy/";
    assertThat(kubectl().command("get", "--raw", node + "healthz").run().ok()).isEqualTo("ok");
    assertThat(kubectl().command("get", "--raw", node + "stats/summary").run().ok())
        .contains("\"nodeName\":\"second\"");
    assertThat(kubectl().command("get", "--raw", node + "nothing").run().err())
        .contains("NotFound");
  }

  @Test
  @Order(8)
  void theSecondHostComesBackWithoutATokenAndItsPodsWentOn() {
    String before = counter();
    second().verb("down").run().ok();
    second().upAgain();
    assertSecondHostWentOn(before);
  }

  @Test
  @Order(9)
  void aKilledSecondHostComesBackAndItsPodsWentOn() {
    String before = counter();
    second().kill();
    second().upAgain();
    assertSecondHostWentOn(before);
  }

  @Test
  @Order(10)
  void theSecondHostGoesOnUnderAFirstOneThatWasKilled() {
    String before = counter();
    first().kill();
    first().upAgain();
    assertSecondHostWentOn(before);
    kubectl().apply(pod("three", "second"));
    kubectl().await("condition=Ready", "pod/three");
    String three = path("{.status.podIP}", "pod/three");
    assertThat(exec("one", "wget", "-qO-", "http://" + three + ":8080/").strip())
        .isEqualTo("three");
    kubectl().ok("delete", "pod", "three", "--timeout=60s");
  }

  private void assertSecondHostWentOn(String before) {
    kubectl().await("condition=Ready", "node/second", "pod/two", "pod/counter");
    assertThat(counter()).isEqualTo(before);
    int lines = CounterLog.wholeOf(kubectl(), "counter");
    Eventually.holds(
        "the log goes on", () -> CounterLog.wholeOf(kubectl(), "counter") > lines + 10);
    assertThat(exec("two", "hostname").strip()).isEqualTo("two");
  }

  @Test
  @Order(11)
  void aWrongTokenIsRefusedInOneLineAndLeavesNothingBehind() {
    String data = second().scratch().resolve("third").toString();
    String launcher = PlatformUnderTest.root().resolve("nacelle").toString();
    Command.Outcome refused =
        second()
            .command(launcher, "up")
            .with("--data", data)
            .with("--parts=node", "--server", server(), "--name", "third")
            .with("--token", "abcdef.0123456789abcdef", "--node-address", second().address())
            .run();
    assertThat(refused.exitCode()).as(refused.all()).isEqualTo(1);
    assertThat(refused.err()).contains("it knows no token abcdef").hasLineCount(1);
    long left =
        ProcessHandle.allProcesses()
            .filter(p -> HostTraces.commandLine(p.pid()).contains(data))
            .count();
    assertThat(left).as("processes of the host that was refused").isZero();
    second().command(launcher, "down", "--purge", "--data", data).run().ok();
  }
}
