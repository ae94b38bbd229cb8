package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pods live and end as the kubelet's do: restarts, init containers, probes, grace. */
@Tag("e2e")
class PodLifecycleTest {
  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("life");

  private static final String GRACE = "terminationGracePeriodSeconds";

  private static void pod(String name, String spec) {
    PLATFORM
        .kubectl()
        .apply(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: "
                + name
                + "\n  labels: {app: "
                + name
                + "}\nspec:\n"
                + (spec.contains(GRACE) ? "" : "  " + GRACE + ": 1\n")
                + spec.indent(2));
  }

  private static String container(String script, String more) {
    return """
        containers:
          - name: main
            image: nacelle.test/busybox:1
            command: ["sh", "-c", "%s"]
        """
            .formatted(script)
        + more.indent(4);
  }

  private static void awaitPhase(String pod, String phase) {
    PLATFORM.kubectl().awaitPath("{.status.phase}", phase::equals, "pod", pod);
  }

  private static JsonObject status(String pod) {
    return PLATFORM
        .kubectl()
        .object("pod", pod)
        .array("status", "containerStatuses")
        .objects()
        .findFirst()
        .orElse(JsonObject.EMPTY);
  }

  private static long restarts(String pod) {
    return status(pod).integer("restartCount").orElse(-1);
  }

  @Test
  void restartPolicyNeverNeverRestarts() {
    pod("never", "restartPolicy: Never\n" + container("exit 4", ""));
    awaitPhase("never", "Failed");
    JsonObject ended = status("never");
    assertThat(ended.integer("state", "terminated", "exitCode")).hasValue(4);
    assertThat(ended.string("state", "terminated", "reason")).contains("Error");
    assertThat(ended.integer("restartCount")).hasValue(0);
    pod("done", "restartPolicy: Never\n" + container("exit 0", ""));
    awaitPhase("done", "Succeeded");
    assertThat(PLATFORM.kubectl().ok("get", "pod", "done")).contains("0/1", "Completed");
  }

  @Test
  void aDebugContainerSeesTheProcessesOfItsTarget() {
    pod("seen", container("sleep 4321 & wait", ""));
    PLATFORM.kubectl().await("condition=Ready", "pod/seen");
    PLATFORM
        .kubectl()
        .ok(
            "debug",
            "seen",
            "--image=nacelle.test/busybox:1",
            "--image-pull-policy=IfNotPresent",
            "--target=main",
            "--container=look",
            "--",
            "ps");
    PLATFORM
        .kubectl()
        .awaitPath(
            "{.status.ephemeralContainerStatuses[0].state.terminated.exitCode}",
            "0"::equals,
            "pod",
            "seen");
    assertThat(PLATFORM.kubectl().ok("logs", "seen", "-c", "look")).contains("sleep 4321");
  }

  @Test
  void restartPolicyOnFailureRestartsUntilItSucceeds() {
    pod(
        "onfailure",
        "restartPolicy: OnFailure\nvolumes: [{name: keep, emptyDir: {}}]\n"
            + container(
                "test -e /keep/x && exit 0; touch /keep/x; exit 1",
                "volumeMounts: [{name: keep, mountPath: /keep}]\n"));
    awaitPhase("onfailure", "Succeeded");
    assertThat(restarts("onfailure")).isEqualTo(1);
  }

  @Test
  void aContainerThatFailsAgainAndAgainIsBackedOff() {
    pod("crash", container("exit 1", ""));
    PLATFORM
        .kubectl()
        .awaitPath(
            "{.status.containerStatuses[0].state.waiting.reason}",
            "CrashLoopBackOff"::equals,
            "pod",
            "crash");
    assertThat(PLATFORM.kubectl().ok("get", "pod", "crash")).contains("CrashLoopBackOff");
    String address = PLATFORM.kubectl().path("{.status.podIP}", "pod", "crash");
    Eventually.holds("a second restart", () -> restarts("crash") >= 2);
    assertThat(PLATFORM.kubectl().path("{.status.podIP}", "pod", "crash")).isEqualTo(address);
    Eventually.sees(
        "an event says so",
        () -> PLATFORM.kubectl().run("describe", "pod", "crash").out(),
        text -> text.contains("Back-off restarting failed container"));
    PLATFORM.kubectl().ok("delete", "pod", "crash", "--wait=false");
  }

  @Test
  void initContainersRunInOrderBeforeTheOthers() {
    pod(
        "init",
        """
        volumes: [{name: work, emptyDir: {}}]
        initContainers:
          - name: first
            image: nacelle.test/busybox:1
            command: ["sh", "-c", "echo first >> /work/order"]
            volumeMounts: [{name: work, mountPath: /work}]
          - name: second
            image: nacelle.test/busybox:1
            command: ["sh", "-c", "echo second >> /work/order"]
            volumeMounts: [{name: work, mountPath: /work}]
        """
            + container(
                "cat /work/order; exec sleep 100000",
                "volumeMounts: [{name: work, mountPath: /work}]\n"));
    PLATFORM.kubectl().await("condition=Ready", "pod/init");
    Eventually.sees(
        "both init containers ran before",
        () -> PLATFORM.kubectl().run("logs", "init", "-c", "main").out(),
        "first\nsecond\n"::equals);
  }

  @Test
  void aFailedInitContainerFailsAPodThatIsNeverRestarted() {
    pod(
        "initfails",
        """
        restartPolicy: Never
        initContainers:
          - name: first
            image: nacelle.test/busybox:1
            command: ["false"]
        """
            + container("echo never", ""));
    awaitPhase("initfails", "Failed");
    assertThat(PLATFORM.kubectl().ok("get", "pod", "initfails")).contains("Init:Error");
    assertThat(status("initfails").string("state", "waiting", "reason"))
        .contains("PodInitializing");
  }

  @Test
  void aFailingLivenessProbeRestartsTheContainer() {
    pod(
        "live",
        container(
            "touch /tmp/ok; sleep 2; rm /tmp/ok; exec sleep 100000",
            """
            livenessProbe:
              exec: {command: ["cat", "/tmp/ok"]}
              periodSeconds: 1
              failureThreshold: 1
              initialDelaySeconds: 1
            """));
    Eventually.holds("it was restarted", () -> restarts("live") >= 1);
    Eventually.sees(
        "events say why",
        () -> PLATFORM.kubectl().run("describe", "pod", "live").out(),
        text -> text.contains("Liveness probe failed") && text.contains("will be restarted"));
    PLATFORM.kubectl().ok("delete", "pod", "live", "--wait=false");
  }

  @Test
  void readinessDecidesWhetherTheServiceSendsToThePod() {
    Kubectl kubectl = PLATFORM.kubectl();
    pod(
        "ready",
        container(
            "exec sleep 100000",
            """
            readinessProbe:
              exec: {command: ["test", "-e", "/tmp/ready"]}
              periodSeconds: 1
            """));
    kubectl.ok("expose", "pod", "ready", "--port=80");
    awaitPhase("ready", "Running");
    kubectl.awaitPath(endpointReady(), "false"::equals, slice("ready"));
    kubectl.ok("exec", "ready", "--", "touch", "/tmp/ready");
    kubectl.awaitPath(endpointReady(), "true"::equals, slice("ready"));
    kubectl.ok("exec", "ready", "--", "rm", "/tmp/ready");
    kubectl.awaitPath(endpointReady(), "false"::equals, slice("ready"));
    assertThat(restarts("ready")).isZero();
  }

  private static String endpointReady() {
    return "{.items[*].endpoints[*].conditions.ready}";
  }

  private static String[] slice(String service) {
    return new String[] {"endpointslices", "-l", "kubernetes.io/service-name=" + service};
  }

  @Test
  void httpAndTcpProbesReachThePod() {
    for (String probe : List.of("httpGet: {path: /, port: 8080}", "tcpSocket: {port: 8080}")) {
      String name = probe.startsWith("http") ? "http" : "tcp";
      pod(
          name,
          container(
              "sleep 2; mkdir /www; echo x > /www/index.html; exec httpd -f -p 8080 -h /www",
              "readinessProbe:\n  " + probe + "\n  periodSeconds: 1\n"));
      awaitPhase(name, "Running");
      PLATFORM.kubectl().await("condition=Ready", "pod/" + name);
    }
  }

  @Test
  void aStartupProbeHoldsTheOthersBack() {
    pod(
        "startup",
        container(
            "sleep 3; touch /tmp/up; exec sleep 100000",
            """
            startupProbe:
              exec: {command: ["test", "-e", "/tmp/up"]}
              periodSeconds: 1
              failureThreshold: 60
            livenessProbe:
              exec: {command: ["test", "-e", "/tmp/up"]}
              periodSeconds: 1
              failureThreshold: 1
            """));
    PLATFORM.kubectl().await("condition=Ready", "pod/startup");
    assertThat(restarts("startup")).isZero();
  }

  @Test
  void deletionAsksFirstAndKillsAfterTheGrace() {
    pod(
        "polite",
        "terminationGracePeriodSeconds: 30\n"
            + container("trap 'echo asked; exit 0' TERM; while true; do usleep 50000; done", ""));
    PLATFORM.kubectl().await("condition=Ready", "pod/polite");
    try (BackgroundCommand logs = PLATFORM.kubectl().command("logs", "-f", "polite").background()) {
      PLATFORM.kubectl().ok("delete", "pod", "polite", "--timeout=25s");
      logs.awaitLine("asked");
    }
    pod("stubborn", container("trap '' TERM; while true; do usleep 50000; done", ""));
    PLATFORM.kubectl().await("condition=Ready", "pod/stubborn");
    PLATFORM.kubectl().ok("delete", "pod", "stubborn", "--timeout=60s");
    assertThat(PLATFORM.kubectl().run("get", "pod", "stubborn").err()).contains("not found");
  }

  @Test
  void anUnschedulablePodSaysWhy() {
    pod("picky", "nodeSelector: {disk: none}\n" + container("true", ""));
    assertThat(
            PLATFORM
                .kubectl()
                .awaitPath(
                    "{.status.conditions[?(@.type=='PodScheduled')].message}",
                    message -> message.contains("0/1 nodes are available"),
                    "pod",
                    "picky"))
        .contains("didn't match Pod's node affinity/selector");
    Eventually.sees(
        "an event says it too",
        () -> PLATFORM.kubectl().run("describe", "pod", "picky").out(),
        text -> text.contains("FailedScheduling"));
  }
}
