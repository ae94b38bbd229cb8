package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What belongs to something goes with it: namespaces, owners, the three propagations. */
@Tag("e2e")
class CleanUpTest {
  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("gc");

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
              - {name: main, image: "nacelle.test/busybox:1", command: ["sleep", "100000"]}
      """;

  private static Kubectl deployed(String namespace) {
    Kubectl kubectl = PLATFORM.kubectlIn(namespace);
    kubectl.apply(DEPLOYMENT);
    kubectl.ok("rollout", "status", "deployment/app", "--timeout=90s");
    return kubectl;
  }

  private static void awaitNone(Kubectl kubectl, String... words) {
    Eventually.sees(
        "nothing is left of " + String.join(" ", words),
        () -> kubectl.command("get", "-o", "name").with(words).run().out(),
        String::isEmpty);
  }

  @Test
  void backgroundDeletionTakesTheDependentsAfterwards() {
    Kubectl kubectl = deployed("background");
    kubectl.ok("delete", "deployment", "app", "--cascade=background");
    awaitNone(kubectl, "deployments,replicasets,pods");
  }

  @Test
  void foregroundDeletionTakesTheDependentsFirst() {
    Kubectl kubectl = deployed("foreground");
    kubectl.ok("delete", "deployment", "app", "--cascade=foreground", "--timeout=60s");
    assertThat(kubectl.ok("get", "replicasets", "-o", "name")).isEmpty();
    awaitNone(kubectl, "pods");
  }

  @Test
  void orphanDeletionLeavesTheDependentsWithoutOwner() {
    Kubectl kubectl = deployed("orphan");
    kubectl.ok("delete", "deployment", "app", "--cascade=orphan", "--timeout=60s");
    assertThat(
            kubectl.path(
                "{.items[0].metadata.name}:{.items[0].metadata.ownerReferences}", "replicasets"))
        .matches("app-\\w+:");
    assertThat(kubectl.ok("get", "pods", "-o", "name")).hasLineCount(2);
    kubectl.apply(DEPLOYMENT);
    kubectl.awaitPath(
        "{.items[0].metadata.ownerReferences[0].kind}", "Deployment"::equals, "replicasets");
    assertThat(kubectl.ok("get", "replicasets", "-o", "name")).hasLineCount(1);
  }

  @Test
  void aDeletedPodOfAReplicaSetIsReplaced() {
    Kubectl kubectl = deployed("replace");
    String pod = kubectl.path("{.items[0].metadata.name}", "pods");
    kubectl.ok("delete", "pod", pod);
    kubectl.awaitPath("{.status.readyReplicas}", "2"::equals, "deployment", "app");
    Eventually.sees(
        "two other pods",
        () -> kubectl.ok("get", "pods", "-o", "name"),
        names -> names.lines().count() == 2 && !names.contains(pod));
  }

  @Test
  void aDeletedNamespaceTakesAllThatIsInIt() {
    Kubectl kubectl = deployed("whole");
    kubectl.ok("create", "configmap", "c", "--from-literal=a=1");
    kubectl.ok("delete", "namespace", "whole", "--timeout=90s");
    assertThat(PLATFORM.kubectl().run("get", "namespace", "whole").err()).contains("not found");
    assertThat(
            PLATFORM
                .kubectl()
                .ok("get", "pods,configmaps,deployments", "-n", "whole", "-o", "name"))
        .isEmpty();
    assertThat(kubectl.run("create", "configmap", "c").err())
        .contains("namespaces \"whole\" not found");
  }
}
