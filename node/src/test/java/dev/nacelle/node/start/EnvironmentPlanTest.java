package dev.nacelle.node.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.pod.Pods;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class EnvironmentPlanTest {
  private final Map<String, KubeObject> objects = new HashMap<>();
  private Map<String, String> services = Map.of();

  private void object(String resource, String name, String data) {
    objects.put(
        resource + "/" + name,
        new KubeObject(
            Pods.yaml("metadata: {name: " + name + ", namespace: ns}\ndata: {" + data + "}")));
  }

  private Map<String, String> plan(String container) throws ConfigurationException {
    PodView pod = Pods.pod("nodeName: n1\ncontainers:\n- {name: web, " + container + "}");
    References references =
        (type, namespace, name) -> Optional.ofNullable(objects.get(type.resource() + "/" + name));
    return new EnvironmentPlan(
            references,
            p -> services,
            new FieldValues.Host("n1", "192.0.2.1", "10.64.0.2", 4_000, 8L << 30))
        .of(pod, pod.containers().getFirst());
  }

  @Test
  void laterSourcesGoOverEarlierOnes() throws Exception {
    services = Map.of("S", "service", "A", "service");
    object("configmaps", "c", "A: cm, B: cm");
    object("secrets", "s", "B: c2VjcmV0, C: c2VjcmV0");
    Map<String, String> env =
        plan(
            "envFrom: [{configMapRef: {name: c}}, {secretRef: {name: s}}],"
                + " env: [{name: C, value: own}, {name: D, value: \"$(B)-$(S)-$(X)\"}]");
    assertThat(env)
        .isEqualTo(
            Map.of(
                "S", "service", "A", "cm", "B", "secret", "C", "own", "D", "secret-service-$(X)"));
  }

  @Test
  void prefixComesBeforeEachName() throws Exception {
    object("configmaps", "c", "A: x");
    assertThat(plan("envFrom: [{prefix: P_, configMapRef: {name: c}}]"))
        .isEqualTo(Map.of("P_A", "x"));
  }

  @Test
  void optionalSourcesMayBeMissing() throws Exception {
    object("configmaps", "c", "A: x");
    assertThat(
            plan(
                "envFrom: [{configMapRef: {name: none, optional: true}}],"
                    + " env: [{name: X, valueFrom: {configMapKeyRef:"
                    + " {name: c, key: none, optional: true}}}]"))
        .isEmpty();
  }

  @Test
  void missingSourcesAreNamed() {
    object("secrets", "s", "A: eA==");
    assertThatThrownBy(() -> plan("envFrom: [{configMapRef: {name: none}}]"))
        .hasMessage("configmap \"none\" not found");
    assertThatThrownBy(() -> plan("envFrom: [{secretRef: {name: none}}]"))
        .hasMessage("secret \"none\" not found");
    assertThatThrownBy(
            () -> plan("env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: none}}}]"))
        .hasMessage("couldn't find key none in Secret ns/s")
        .satisfies(
            e ->
                assertThat(((ConfigurationException) e).reason())
                    .isEqualTo("CreateContainerConfigError"));
  }

  @Test
  void downwardValuesComeFromPodAndHost() throws Exception {
    Map<String, String> env =
        plan(
            "resources: {requests: {cpu: 250m}, limits: {memory: 64Mi}},"
                + " env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}},"
                + " {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}},"
                + " {name: L, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['app']\"}}},"
                + " {name: C, valueFrom: {resourceFieldRef: {resource: requests.cpu}}},"
                + " {name: CM, valueFrom: {resourceFieldRef:"
                + " {resource: requests.cpu, divisor: 1m}}},"
                + " {name: CL, valueFrom: {resourceFieldRef: {resource: limits.cpu}}},"
                + " {name: M, valueFrom: {resourceFieldRef:"
                + " {resource: limits.memory, divisor: 1Mi}}}]");
    assertThat(env)
        .isEqualTo(
            Map.of(
                "NAME",
                "a",
                "IP",
                "10.64.0.2",
                "L",
                "web",
                "C",
                "1",
                "CM",
                "250",
                "CL",
                "4",
                "M",
                "64"));
  }

  @Test
  void unknownFieldsAreRefused() {
    assertThatThrownBy(
            () -> plan("env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: spec.nothing}}}]"))
        .hasMessageContaining("unsupported fieldPath: spec.nothing");
    assertThatThrownBy(
            () ->
                plan("env: [{name: NAME, valueFrom: {resourceFieldRef: {resource: limits.gold}}}]"))
        .hasMessageContaining("unsupported container resource : limits.gold");
  }

  @Test
  void labelsAreQuotedAndSorted() throws Exception {
    PodView pod =
        new PodView(
            Pods.pod("{}").object().withLabel("z", "1").withAnnotation("note", "a\"b\n\tc"));
    var host = new FieldValues.Host("n1", "", "", 1, 1);
    assertThat(FieldValues.field(pod, "metadata.labels", host)).isEqualTo("app=\"web\"\nz=\"1\"");
    assertThat(FieldValues.field(pod, "metadata.annotations", host))
        .isEqualTo("note=\"a\\\"b\\n\\tc\"");
  }

  @Test
  void servicesAreToldInTheFormOfDockerLinks() {
    var service =
        new KubeObject(
            Pods.yaml(
                """
                metadata: {name: my-db, namespace: ns}
                spec: {clusterIP: 10.128.0.7, ports: [{name: sql-tcp, port: 5432}]}
                """));
    assertThat(EnvironmentPlan.ServiceVariables.of(service))
        .containsEntry("MY_DB_SERVICE_HOST", "10.128.0.7")
        .containsEntry("MY_DB_SERVICE_PORT", "5432")
        .containsEntry("MY_DB_SERVICE_PORT_SQL_TCP", "5432")
        .containsEntry("MY_DB_PORT", "tcp://10.128.0.7:5432")
        .containsEntry("MY_DB_PORT_5432_TCP", "tcp://10.128.0.7:5432")
        .containsEntry("MY_DB_PORT_5432_TCP_PROTO", "tcp")
        .containsEntry("MY_DB_PORT_5432_TCP_PORT", "5432")
        .containsEntry("MY_DB_PORT_5432_TCP_ADDR", "10.128.0.7")
        .hasSize(8);
  }
}
