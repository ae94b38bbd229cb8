package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static final int PORT = 6443;
  private static final Pattern TOKEN = Pattern.compile("\\b[a-z0-9]{6}\\.[a-z0-9]{16}\\b");
  private static final String SERVICE =
      """
      apiVersion: v1
      kind: Service
      metadata: {name: web}
      spec:
        selector: {app: web}
        ports: [{port: 80, targetPort: 8080}]
      """;

  private List<NamespacedHost> hosts = List.of();

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
    return hosts.get(0);
  }

  private NamespacedHost second() {
    return hosts.get(1);
  }

  private Command kubectl(String... words) {
    return first()
        .command("kubectl", "--kubeconfig", first().data().resolve("kubeconfig").toString())
        .env("HOME", first().scratch().toString())
        .with(words);
  }

  private String server() {
    return "https://" + first().address() + ":" + PORT;
  }

  @BeforeAll
  void twoHostsAndTwoPods() {
    PlatformUnderTest.missing().ifPresent(Assumptions::abort);
    Assumptions.assumeTrue(Command.find("nsenter").isPresent(), "this test needs nsenter");
    hosts = NamespacedHost.pair();
    try {
      first().up("--port", Integer.toString(PORT), "--name", "first");
      first().importBusybox();
      Matcher token = TOKEN.matcher(first().verb("token", "create").run().ok());
      assertThat(token.find()).as("a token was printed").isTrue();
      second()
          .up(
              "--parts=node",
              "--server",
              server(),
              "--token",
              token.group(),
              "--name",
              "second",
              "--node-labels",
              "topology.kubernetes.io/zone=b");
      second().importBusybox();
      kubectl("apply", "-f", "-")
          .reading(pod("one", "first") + "---\n" + pod("two", "second") + "---\n" + SERVICE)
          .run()
          .ok();
      kubectl("wait", "--for=condition=Ready", "--timeout=90s", "pod/one", "pod/two").run().ok();
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + "\n" + logs(), e);
    }
  }

  private String logs() {
    return first().logTail() + second().logTail();
  }

  @AfterAll
  void removeBoth() {
    for (NamespacedHost host : hosts.reversed()) {
      host.close();
    }
  }

  private String path(String path, String... object) {
    return kubectl("get", "-o", "jsonpath=" + path).with(object).run().ok();
  }

  private String exec(String pod, String... words) {
    return kubectl("exec", pod, "--").with(words).run().ok();
  }

  @Test
  @Order(1)
  void theSecondNodeIsReadyWithItsLabelsAndARangeOfItsOwn() {
    kubectl("wait", "--for=condition=Ready", "--timeout=90s", "node/first", "node/second")
        .run()
        .ok();
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
  void podsOfBothHostsReachEachOther() {
    String one = path("{.status.podIP}", "pod/one");
    String two = path("{.status.podIP}", "pod/two");
    assertThat(exec("one", "wget", "-qO-", "http://" + two + ":8080/").strip()).isEqualTo("two");
    assertThat(exec("two", "wget", "-qO-", "http://" + one + ":8080/").strip()).isEqualTo("one");
  }

  @Test
  @Order(4)
  void aServiceAnswersFromBothHostsOnBothHosts() {
    String address = path("{.spec.clusterIP}", "service/web");
    for (String pod : List.of("one", "two")) {
      var answers = new HashSet<String>();
      Eventually.holds(
          "pod " + pod + " has heard both ends of the Service",
          () -> {
            answers.add(exec(pod, "wget", "-qO-", "http://" + address + "/").strip());
            return answers.containsAll(List.of("one", "two"));
          },
          answers::toString);
      assertThat(answers).containsExactlyInAnyOrder("one", "two");
    }
  }

  @Test
  @Order(5)
  void packetsTakeDirectRoutes() {
    String range = path("{.spec.podCIDR}", "node/second");
    assertThat(first().command("ip", "route", "show", range).run().ok())
        .contains("via " + second().address());
  }

  @Test
  @Order(6)
  void logsAndExecReachTheSecondHostThroughTheApi() {
    assertThat(kubectl("logs", "two").run().ok()).isEqualTo("serving\n");
    assertThat(kubectl("exec", "-i", "two", "--", "cat").reading("hello").run().ok())
        .isEqualTo("hello");
    Command.Outcome failed = kubectl("exec", "two", "--", "sh", "-c", "exit 7").run();
    assertThat(failed.exitCode()).as(failed.all()).isEqualTo(7);
    try (BackgroundCommand follow = kubectl("logs", "-f", "two").background()) {
      follow.awaitLine("serving");
    }
  }

  @Test
  @Order(7)
  void execOverSpdyAndPortForwardInBothFormsReachTheSecondHost() {
    Command exec = kubectl("exec", "-i", "two", "--", "cat").reading("hello");
    assertThat(exec.env("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "false").run().ok())
        .isEqualTo("hello");
    for (String webSockets : List.of("true", "false")) {
      Command forward =
          kubectl("port-forward", "pod/two", ":8080")
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
  @Order(8)
  void proxiesReachPodsOfTheSecondHostAndItsNode() {
    String pod = "/api/v1/namespaces/default/pods/two:8080/proxy/";
    assertThat(kubectl("get", "--raw", pod).run().ok()).isEqualTo("two\n");
    String node = "/api/v1/nodes/second/proxy/";
    assertThat(kubectl("get", "--raw", node + "healthz").run().ok()).isEqualTo("ok");
    assertThat(kubectl("get", "--raw", node + "stats/summary").run().ok())
        .contains("\"nodeName\":\"second\"");
    assertThat(kubectl("get", "--raw", node + "nothing").run().err()).contains("NotFound");
  }

  @Test
  @Order(9)
  void theSecondHostComesBackWithoutATokenAndItsPodWentOn() {
    String before = path("{.status.containerStatuses[0].containerID}", "pod/two");
    second().verb("down").run().ok();
    second().up("--parts=node", "--server", server(), "--name", "second");
    kubectl("wait", "--for=condition=Ready", "--timeout=90s", "node/second", "pod/two").run().ok();
    assertThat(path("{.status.containerStatuses[0].containerID}", "pod/two")).isEqualTo(before);
    assertThat(path("{.status.containerStatuses[0].restartCount}", "pod/two")).isEqualTo("0");
    assertThat(exec("two", "hostname").strip()).isEqualTo("two");
  }

  @Test
  @Order(10)
  void aWrongTokenIsRefusedInOneLine() {
    Command.Outcome refused =
        second()
            .command(PlatformUnderTest.root().resolve("nacelle").toString(), "up")
            .with("--data", second().scratch().resolve("third").toString())
            .with("--parts=node", "--server", server(), "--name", "third")
            .with("--token", "abcdef.0123456789abcdef", "--node-address", second().address())
            .run();
    assertThat(refused.exitCode()).as(refused.all()).isEqualTo(1);
    assertThat(refused.err()).contains("it knows no token abcdef").hasLineCount(1);
  }
}
