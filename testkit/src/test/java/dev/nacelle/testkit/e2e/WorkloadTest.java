package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A Deployment behind a NodePort Service with a ConfigMap and a Secret, in plain upstream YAML. */
@Tag("e2e")
class WorkloadTest {
  /** Before the platform: which interfaces lead off the host is looked up at its start. */
  @Order(1)
  @RegisterExtension
  static final OutsideNeighbour OUTSIDE = new OutsideNeighbour();

  @Order(2)
  @RegisterExtension
  static final SharedPlatform PLATFORM = new SharedPlatform("work");

  private static final String MANIFEST =
      """
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: web
      data:
        greeting: hello from the config map
        settings.conf: |
          colour=blue
      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: web
      type: Opaque
      data:
        password: czNjcjN0
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: web
        labels: {app: web}
      spec:
        replicas: 3
        selector:
          matchLabels: {app: web}
        template:
          metadata:
            labels: {app: web}
          spec:
            terminationGracePeriodSeconds: 1
            containers:
              - name: web
                image: nacelle.test/busybox:1
                command: ["/bin/sh", "-c"]
                args:
                  - |
                    mkdir -p /tmp/www
                    echo "$GREETING from $POD_NAME" > /tmp/www/index.html
                    exec httpd -f -p 8080 -h /tmp/www
                env:
                  - name: POD_NAME
                    valueFrom: {fieldRef: {fieldPath: metadata.name}}
                  - name: GREETING
                    valueFrom: {configMapKeyRef: {name: web, key: greeting}}
                  - name: PASSWORD
                    valueFrom: {secretKeyRef: {name: web, key: password}}
                ports:
                  - {name: http, containerPort: 8080}
                readinessProbe:
                  httpGet: {path: /, port: http}
                  periodSeconds: 1
                volumeMounts:
                  - {name: config, mountPath: /etc/web}
                  - {name: secret, mountPath: /etc/secret, readOnly: true}
            volumes:
              - name: config
                configMap: {name: web}
              - name: secret
                secret: {secretName: web, defaultMode: 0400}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: web
      spec:
        type: NodePort
        selector: {app: web}
        ports:
          - {name: http, port: 80, targetPort: http}
      """;

  @BeforeAll
  static void applyAndAwait() {
    String said = PLATFORM.kubectl().apply(MANIFEST);
    assertThat(said)
        .contains("deployment.apps/web created", "service/web created", "secret/web created");
    said = PLATFORM.kubectl().ok("rollout", "status", "deployment/web", "--timeout=90s");
    assertThat(said).contains("successfully rolled out");
  }

  @Test
  void threePodsAreRunningAndReady() {
    assertThat(PLATFORM.kubectl().ok("get", "pods", "-l", "app=web", "--no-headers"))
        .hasLineCount(3)
        .matches("(?s)(web-\\S+ +1/1 +Running +0 +\\S+\\n){3}");
    assertThat(PLATFORM.kubectl().ok("get", "deployment", "web", "--no-headers"))
        .matches("web +3/3 +3 +3 +\\S+\\n");
  }

  @Test
  void aSecondApplySaysUnchanged() {
    assertThat(PLATFORM.kubectl().apply(MANIFEST).lines())
        .hasSize(4)
        .allMatch(line -> line.endsWith(" unchanged"));
  }

  @Test
  void aDiffOfWhatIsAppliedIsEmptyAndOneOfAChangeIsNot() {
    Command diff = PLATFORM.kubectl().command("diff", "-f", "-");
    Command.Outcome same = diff.reading(MANIFEST).run();
    assertThat(same.exitCode()).as(same.all()).isZero();
    assertThat(same.out()).isEmpty();
    Command.Outcome other = diff.reading(MANIFEST.replace("replicas: 3", "replicas: 4")).run();
    assertThat(other.exitCode()).as(other.all()).isEqualTo(1);
    assertThat(other.out()).contains("-  replicas: 3", "+  replicas: 4");
  }

  @Test
  void aServerSideApplyWorksAndASecondOneChangesNothing() {
    Kubectl kubectl = PLATFORM.kubectlIn("server-side");
    assertThat(kubectl.apply(MANIFEST, "--server-side"))
        .contains("deployment.apps/web serverside-applied", "secret/web serverside-applied");
    assertThat(kubectl.ok("rollout", "status", "deployment/web", "--timeout=90s"))
        .contains("successfully rolled out");
    kubectl.awaitPath("{.status.readyReplicas}", "3"::equals, "deployment", "web");
    assertThat(inPod("wget", "-q", "-O", "-", "http://web.server-side/"))
        .startsWith("hello from the config map from web-");
    String before = written(kubectl);
    kubectl.apply(MANIFEST, "--server-side");
    assertThat(written(kubectl)).isEqualTo(before);
    assertThat(kubectl.command("diff", "--server-side", "-f", "-").reading(MANIFEST).run().ok())
        .isEmpty();
    PLATFORM.kubectl().ok("delete", "namespace", "server-side", "--wait=false");
  }

  /** Revisions of what only people write; of the Deployment what does not move with its status. */
  private static String written(Kubectl kubectl) {
    return kubectl.path(
            "{range .items[*]}{.kind}/{.metadata.resourceVersion}/{.metadata.uid} {end}",
            "configmap/web",
            "secret/web",
            "service/web")
        + kubectl.path("{.metadata.generation}/{.metadata.uid}", "deployment", "web");
  }

  @Test
  void whoAppliesWhatAnotherOwnsIsToldOfTheConflictAndMayForceIt() {
    Kubectl kubectl = PLATFORM.kubectlIn("conflict");
    kubectl.apply(MANIFEST, "--server-side");
    Command another =
        kubectl
            .command("apply", "--server-side", "--field-manager=another", "-f", "-")
            .reading(
                """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web}
                spec: {replicas: 1}
                """);
    Command.Outcome refused = another.run();
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err())
        .contains("Apply failed with 1 conflict: conflict with \"kubectl\": .spec.replicas\n");
    assertThat(kubectl.path("{.spec.replicas}", "deployment", "web")).isEqualTo("3");
    another.with("--force-conflicts").run().ok();
    assertThat(kubectl.path("{.spec.replicas}", "deployment", "web")).isEqualTo("1");
    assertThat(kubectl.command("apply", "--server-side", "-f", "-").reading(MANIFEST).run().err())
        .contains("conflict with \"another\": .spec.replicas");
    PLATFORM.kubectl().ok("delete", "namespace", "conflict", "--wait=false");
  }

  @Test
  void theServiceAnswersByNameInsideAPodFromAllThree() {
    Set<String> answers = new HashSet<>();
    Eventually.holds(
        "three pods answered by the Service's name",
        () -> {
          answers.add(inPod("wget", "-q", "-O", "-", "http://web/"));
          return answers.size() == 3;
        },
        answers::toString);
    assertThat(answers).allMatch(a -> a.startsWith("hello from the config map from web-"));
  }

  @Test
  void clusterNamesResolveInFullAndInPart() {
    for (String name :
        new String[] {"web", "web.default", "web.default.svc", "web.default.svc.cluster.local"}) {
      assertThat(inPod("wget", "-q", "-O", "-", "http://" + name + "/"))
          .as(name)
          .startsWith("hello from ");
    }
    String address = PLATFORM.kubectl().path("{.spec.clusterIP}", "service", "web");
    assertThat(inPod("nslookup", "-type=a", "web.default.svc.cluster.local")).contains(address);
    assertThat(inPod("cat", "/etc/resolv.conf"))
        .contains("search default.svc.cluster.local svc.cluster.local cluster.local", "ndots:5");
    assertThat(
            PLATFORM
                .kubectl()
                .run("exec", "deployment/web", "--", "nslookup", "none.default.svc.cluster.local")
                .out())
        .contains("NXDOMAIN");
  }

  @Test
  void theNodePortAnswersOnTheHost() {
    String url = "http://127.0.0.1:" + nodePort() + "/";
    assertThat(Command.of("busybox", "wget", "-q", "-O", "-", url).run().ok())
        .startsWith("hello from the config map from web-");
  }

  @Test
  void theNodePortAnswersOffTheHost() {
    String url = "http://" + OUTSIDE.get().hostAddress() + ":" + nodePort() + "/";
    Eventually.sees(
        "the node port answers outside",
        () -> OUTSIDE.get().run("busybox", "timeout", "5", "busybox", "wget", "-qO-", url).all(),
        answer -> answer.startsWith("hello from the config map from web-"));
  }

  @Test
  void logsOfADeploymentAreThoseOfItsPods() {
    Kubectl kubectl = PLATFORM.kubectl();
    inPod("sh", "-c", "echo said by hand > /proc/1/fd/1");
    try (BackgroundCommand logs =
        kubectl
            .command("logs", "-f", "-l", "app=web", "--prefix", "--max-log-requests=5")
            .background()) {
      logs.awaitLine("said by hand");
      assertThat(logs.lines()).anyMatch(l -> l.matches("\\[pod/web-\\S+/web] said by hand"));
    }
  }

  @Test
  void describeTellsOfTheDeploymentAndTheService() {
    Kubectl kubectl = PLATFORM.kubectl();
    assertThat(kubectl.ok("describe", "deployment", "web"))
        .containsPattern("Replicas: +3 desired \\| 3 updated \\| 3 total \\| 3 available")
        .contains("NewReplicaSet:", "Scaled up replica set web-", "RollingUpdateStrategy:")
        .contains("GREETING:", "<set to the key 'greeting' of config map 'web'>");
    assertThat(kubectl.ok("describe", "service", "web"))
        .containsPattern("Type: +NodePort")
        .containsPattern("NodePort: +http +" + nodePort() + "/TCP")
        .containsPattern("Endpoints: +10\\.\\d+\\.\\d+\\.\\d+:8080,");
    assertThat(kubectl.ok("describe", "secret", "web"))
        .contains("password:  6 bytes")
        .doesNotContain("czNjcjN0", "s3cr3t");
    assertThat(kubectl.ok("describe", "configmap", "web")).contains("colour=blue");
  }

  @Test
  void environmentAndVolumesHaveTheValuesOfConfigMapAndSecret() {
    assertThat(inPod("sh", "-c", "echo $PASSWORD")).isEqualTo("s3cr3t\n");
    assertThat(inPod("cat", "/etc/web/settings.conf")).isEqualTo("colour=blue\n");
    assertThat(inPod("cat", "/etc/secret/password")).isEqualTo("s3cr3t");
    assertThat(inPod("stat", "-L", "-c", "%a", "/etc/secret/password")).isEqualTo("400\n");
    assertThat(inPod("stat", "-f", "-c", "%T", "/etc/secret")).contains("tmpfs");
  }

  @Test
  void anUpdateOfAMountedConfigMapReachesTheFile() {
    Kubectl kubectl = PLATFORM.kubectlIn("live");
    kubectl.ok("create", "configmap", "web", "--from-literal=file=first");
    kubectl.apply(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: reader}
        spec:
          terminationGracePeriodSeconds: 0
          containers:
            - name: main
              image: nacelle.test/busybox:1
              command: ["sleep", "100000"]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: config, configMap: {name: web}}]
        """);
    kubectl.await("condition=Ready", "pod/reader");
    assertThat(kubectl.ok("exec", "reader", "--", "cat", "/config/file")).isEqualTo("first");
    kubectl.ok("patch", "configmap", "web", "-p", "{\"data\":{\"file\":\"second\",\"new\":\"x\"}}");
    Eventually.sees(
        "the file has the new value",
        () -> kubectl.run("exec", "reader", "--", "cat", "/config/file", "/config/new").out(),
        "secondx"::equals);
    PLATFORM.kubectl().ok("delete", "namespace", "live", "--wait=false");
  }

  @Test
  void scaleChangesTheNumberOfPodsAndOfEndpoints() {
    Kubectl kubectl = PLATFORM.kubectl();
    kubectl.ok("scale", "deployment/web", "--replicas=5");
    kubectl.awaitPath("{.status.readyReplicas}", "5"::equals, "deployment", "web");
    awaitEndpoints(5);
    kubectl.ok("scale", "deployment/web", "--replicas=3", "--current-replicas=5");
    kubectl.awaitPath("{.status.replicas}", "3"::equals, "deployment", "web");
    awaitEndpoints(3);
    assertThat(kubectl.run("scale", "deployment/web", "--replicas=9", "--current-replicas=5").err())
        .contains("Expected replicas to be 5, was 3");
  }

  @Test
  void whatIsDeletedIsGoneAndAnswersNoMore() {
    Kubectl kubectl = PLATFORM.kubectlIn("away");
    kubectl.apply(MANIFEST);
    kubectl.ok("rollout", "status", "deployment/web", "--timeout=90s");
    String url = "http://web.away.svc/";
    assertThat(inPod("wget", "-q", "-O", "-", url)).startsWith("hello from ");
    assertThat(kubectl.command("delete", "-f", "-").reading(MANIFEST).run().ok())
        .contains(
            "configmap \"web\" deleted",
            "secret \"web\" deleted",
            "deployment.apps \"web\" deleted",
            "service \"web\" deleted");
    Eventually.sees(
        "nothing is left of it",
        () ->
            kubectl.ok("get", "deployments,replicasets,pods,services,endpointslices", "-o", "name"),
        String::isEmpty);
    Command.Outcome call =
        PLATFORM.kubectl().run("exec", "deployment/web", "--", "wget", "-q", "-O", "-", url);
    assertThat(call.exitCode()).as(call.all()).isNotZero();
    assertThat(call.err()).contains("bad address 'web.away.svc'");
    PLATFORM.kubectl().ok("delete", "namespace", "away", "--wait=false");
  }

  private static void awaitEndpoints(int count) {
    Eventually.sees(
        count + " endpoints are ready",
        () ->
            PLATFORM
                .kubectl()
                .path(
                    "{range .items[*].endpoints[?(@.conditions.ready==true)]}{.addresses[0]} {end}",
                    "endpointslices",
                    "-l",
                    "kubernetes.io/service-name=web"),
        addresses ->
            addresses.isBlank() ? count == 0 : addresses.strip().split(" ").length == count);
  }

  private static String inPod(String... words) {
    return PLATFORM.kubectl().command("exec", "deployment/web", "--").with(words).run().ok();
  }

  private static String nodePort() {
    return PLATFORM.kubectl().path("{.spec.ports[0].nodePort}", "service", "web");
  }
}
