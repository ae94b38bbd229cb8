package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** One object keeps N container groups of a profile. */
@Tag("e2e")
class NGroupTest {
  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("ng");

  private static final String PROFILE =
      """
      apiVersion: containers.nacelle.dev/v1
      kind: ContainerGroupProfile
      metadata: {name: web}
      spec:
        template:
          metadata: {labels: {app: web}}
          spec:
            terminationGracePeriodSeconds: 0
            containers:
              - name: main
                image: nacelle.test/busybox:1
                command: ["sleep", "100000"]
                env: [{name: VERSION, value: "1"}]
      """;

  private static final String GROUP =
      """
      apiVersion: containers.nacelle.dev/v1
      kind: NGroup
      metadata: {name: web}
      spec:
        profileRef: {name: web}
        replicas: 3
      """;

  private static Kubectl fleet(String namespace, String group) {
    Kubectl kubectl = PLATFORM.kubectlIn(namespace);
    kubectl.apply(PROFILE);
    kubectl.apply(group);
    kubectl.awaitPath("{.status.readyReplicas}", "3"::equals, "ng", "web");
    return kubectl;
  }

  private static List<String> pods(Kubectl kubectl) {
    return List.of(
        kubectl
            .ok("get", "pods", "-l", "containers.nacelle.dev/ngroup=web", "-o", "name")
            .strip()
            .split("\n"));
  }

  @Test
  void threeGroupsRunWithTheLabelsOfFleetProfileAndRevision() {
    Kubectl kubectl = fleet("labels", GROUP);
    assertThat(pods(kubectl)).hasSize(3);
    for (String pod : pods(kubectl)) {
      assertThat(
              kubectl.path(
                  "{.metadata.labels.containers\\.nacelle\\.dev/ngroup} "
                      + "{.metadata.labels.containers\\.nacelle\\.dev/profile} "
                      + "{.metadata.labels.app} {.metadata.ownerReferences[0].kind}",
                  pod))
          .isEqualTo("web web web NGroup");
      assertThat(kubectl.path("{.metadata.labels.containers\\.nacelle\\.dev/revision}", pod))
          .isNotEmpty();
    }
    assertThat(kubectl.ok("get", "ng", "web", "--no-headers")).containsPattern("^web .*3");
    assertThat(kubectl.ok("get", "ng")).contains("NAME", "READY");
    assertThat(kubectl.ok("get", "cgp", "web", "-o", "name"))
        .isEqualTo("containergroupprofile.containers.nacelle.dev/web\n");
    assertThat(kubectl.ok("get", "controllerrevisions", "-o", "name")).hasLineCount(1);
    assertThat(kubectl.path("{.status.observedGeneration} {.status.replicas}", "ng", "web"))
        .isEqualTo("1 3");
  }

  @Test
  void scaleGoesUpAndDownToNothing() {
    Kubectl kubectl = fleet("scale", GROUP);
    for (String count : List.of("5", "1", "0")) {
      kubectl.ok("scale", "ng/web", "--replicas=" + count);
      Eventually.sees(
          count + " groups",
          () -> kubectl.ok("get", "pods", "-o", "name").lines().count(),
          Long.valueOf(count)::equals);
      kubectl.awaitPath(
          "{.status.replicas}",
          seen -> seen.equals(count) || count.equals("0") && seen.isEmpty(),
          "ng",
          "web");
    }
  }

  @Test
  void aLostGroupIsReplaced() {
    Kubectl kubectl = fleet("replace", GROUP);
    String lost = kubectl.path("{.metadata.uid}", "pod", "web-1");
    kubectl.ok("delete", "pod", "web-1", "--grace-period=0", "--force");
    // its number is the lowest that is free
    kubectl.awaitPath(
        "{.metadata.uid}", uid -> !uid.isEmpty() && !uid.equals(lost), "pod", "web-1");
    kubectl.awaitPath("{.status.readyReplicas}", "3"::equals, "ng", "web");
    assertThat(pods(kubectl)).containsExactlyInAnyOrder("pod/web-0", "pod/web-1", "pod/web-2");
  }

  @Test
  void aFleetThatIsNotMaintainedDoesNotReplaceALostGroup() {
    Kubectl kubectl =
        fleet("lost", GROUP.replace("replicas: 3", "replicas: 3\n  maintainReplicas: false"));
    kubectl.ok("delete", pods(kubectl).getFirst(), "--wait=true");
    kubectl.awaitPath("{.status.replicas}", "2"::equals, "ng", "web");
    assertThat(pods(kubectl)).hasSize(2);
  }

  @Test
  void aChangedProfileIsANewRevisionForNewGroups() {
    Kubectl kubectl = fleet("revision", GROUP);
    kubectl.apply(PROFILE.replace("value: \"1\"", "value: \"2\""));
    Eventually.sees(
        "a second revision",
        () -> kubectl.ok("get", "controllerrevisions", "-o", "name").lines().count(),
        count -> count == 2);
    kubectl.ok("scale", "ng/web", "--replicas=4");
    kubectl.awaitPath("{.status.readyReplicas}", "4"::equals, "ng", "web");
    assertThat(
            kubectl
                .path(
                    "{range .items[*]}{.metadata.name}={.spec.containers[0].env[0].value} {end}",
                    "pods")
                .strip()
                .split(" "))
        .containsExactlyInAnyOrder("web-0=1", "web-1=1", "web-2=1", "web-3=2");
    kubectl.awaitPath("{.status.updatedReplicas}", "1"::equals, "ng", "web");
  }

  @Test
  void deletingTheFleetDeletesItsGroups() {
    Kubectl kubectl = fleet("gone", GROUP);
    kubectl.ok("delete", "ng", "web");
    Eventually.sees(
        "no groups are left", () -> kubectl.ok("get", "pods", "-o", "name"), String::isEmpty);
    assertThat(kubectl.ok("get", "cgp", "-o", "name")).contains("web");
  }

  @Test
  void aFleetWithoutItsProfileSaysSo() {
    Kubectl kubectl = PLATFORM.kubectlIn("orphan");
    kubectl.apply(GROUP);
    Eventually.sees(
        "the fleet says what is missing",
        () -> kubectl.run("describe", "ng", "web").out(),
        text -> text.contains("containergroupprofile") || text.contains("ContainerGroupProfile"));
    kubectl.apply(PROFILE);
    kubectl.awaitPath("{.status.readyReplicas}", "3"::equals, "ng", "web");
  }
}
