package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Deployments change, go back, pause and restart as stock kubectl expects. */
@Tag("e2e")
class RolloutTest {
  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("roll");

  private static final String DEPLOYMENT =
      """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: app}
      spec:
        replicas: 2
        selector: {matchLabels: {app: app}}
        template:
          metadata: {labels: {app: app}}
          spec:
            terminationGracePeriodSeconds: 0
            containers:
              - name: main
                image: nacelle.test/busybox:1
                command: ["sleep", "100000"]
                env: [{name: VERSION, value: "1"}]
      """;

  @Test
  void anUpdateRollsOutAndUndoBringsTheFormerBack() {
    Kubectl kubectl = PLATFORM.kubectlIn("undo");
    kubectl.apply(DEPLOYMENT);
    status(kubectl);
    kubectl.ok("set", "env", "deployment/app", "VERSION=2");
    status(kubectl);
    assertThat(versions(kubectl)).isEqualTo("2 2");
    assertThat(kubectl.ok("rollout", "history", "deployment/app"))
        .containsPattern("(?m)^1 ")
        .containsPattern("(?m)^2 ");
    assertThat(kubectl.ok("rollout", "history", "deployment/app", "--revision=1"))
        .contains("VERSION:", "1");
    kubectl.ok("rollout", "undo", "deployment/app");
    status(kubectl);
    assertThat(versions(kubectl)).isEqualTo("1 1");
    assertThat(kubectl.ok("rollout", "history", "deployment/app"))
        .containsPattern("(?m)^3 ")
        .doesNotContainPattern("(?m)^1 ");
  }

  @Test
  void aRestartReplacesEveryPod() {
    Kubectl kubectl = PLATFORM.kubectlIn("restart");
    kubectl.apply(DEPLOYMENT);
    status(kubectl);
    String before = kubectl.path("{.items[*].metadata.uid}", "pods");
    kubectl.ok("rollout", "restart", "deployment/app");
    status(kubectl);
    String after =
        kubectl.awaitPath("{.items[*].metadata.uid}", uids -> uids.split(" ").length == 2, "pods");
    assertThat(after.split(" ")).doesNotContain(before.split(" "));
  }

  @Test
  void aRolloutThatCannotGetReadyKeepsTheFormerPodsAndSaysSo() {
    Kubectl kubectl = PLATFORM.kubectlIn("stuck");
    kubectl.apply(DEPLOYMENT.replace("replicas: 2", "replicas: 2\n  progressDeadlineSeconds: 3"));
    status(kubectl);
    kubectl.ok("set", "image", "deployment/app", "main=nacelle.test/there-is-none:1");
    Command.Outcome stuck = kubectl.run("rollout", "status", "deployment/app", "--timeout=60s");
    assertThat(stuck.exitCode()).isEqualTo(1);
    assertThat(stuck.err()).contains("exceeded its progress deadline");
    assertThat(kubectl.path("{.status.availableReplicas}", "deployment", "app")).isEqualTo("2");
    kubectl.awaitPath(
        "{.items[*].status.containerStatuses[*].state.waiting.reason}",
        reason -> reason.matches("(?s).*(ErrImagePull|ImagePullBackOff).*"),
        "pods");
    kubectl.ok("rollout", "undo", "deployment/app");
    status(kubectl);
  }

  @Test
  void aPausedDeploymentWaitsUntilItIsResumed() {
    Kubectl kubectl = PLATFORM.kubectlIn("pause");
    kubectl.apply(DEPLOYMENT);
    status(kubectl);
    kubectl.ok("rollout", "pause", "deployment/app");
    kubectl.ok("set", "env", "deployment/app", "VERSION=2");
    kubectl.awaitPath(
        "{.status.observedGeneration}",
        kubectl.path("{.metadata.generation}", "deployment", "app")::equals,
        "deployment",
        "app");
    assertThat(versions(kubectl)).isEqualTo("1 1");
    kubectl.ok("rollout", "resume", "deployment/app");
    status(kubectl);
    assertThat(versions(kubectl)).isEqualTo("2 2");
  }

  private static void status(Kubectl kubectl) {
    kubectl.ok("rollout", "status", "deployment/app", "--timeout=90s");
    kubectl.awaitPath("{.status.replicas}", "2"::equals, "deployment", "app");
    kubectl.awaitPath("{.items[*].metadata.name}", n -> n.split(" ").length == 2, "pods");
  }

  private static String versions(Kubectl kubectl) {
    return kubectl.path("{.items[*].spec.containers[0].env[0].value}", "pods");
  }
}
