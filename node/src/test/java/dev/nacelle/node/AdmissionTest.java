package dev.nacelle.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.node.pod.Pods;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AdmissionTest {
  private static final Admission.Capacity CAPACITY = new Admission.Capacity(2_000, 1L << 30, 3);

  private static KubeObject pod(String spec) {
    return Pods.pod(spec).object();
  }

  private static KubeObject asking(String cpu, String memory) {
    return pod(
        "containers: [{name: c, resources: {requests: {cpu: %s, memory: %s}}}]"
            .formatted(cpu, memory));
  }

  @Test
  void podThatFitsIsTaken() {
    assertThat(Admission.check(asking("1", "512Mi"), List.of(asking("1", "512Mi")), CAPACITY))
        .isEmpty();
  }

  @Test
  void wantOfCpuIsToldInMillis() {
    assertThat(Admission.check(asking("1", "1"), List.of(asking("1500m", "1")), CAPACITY))
        .contains(
            new Admission.Refusal(
                "OutOfcpu",
                "Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity:"
                    + " 2000"));
  }

  @Test
  void wantOfMemoryAndOfPlacesIsTold() {
    assertThat(Admission.check(asking("1", "2Gi"), List.of(), CAPACITY).orElseThrow().reason())
        .isEqualTo("OutOfmemory");
    KubeObject small = pod("containers: [{name: c}]");
    assertThat(
            Admission.check(small, List.of(small, small, small), CAPACITY).orElseThrow().reason())
        .isEqualTo("OutOfpods");
  }

  @Test
  void podThatAsksForNothingIsNeverOutOfCpu() {
    assertThat(
            Admission.check(pod("containers: [{name: c}]"), List.of(asking("3", "2Gi")), CAPACITY))
        .isEmpty();
  }

  @Test
  void initContainersCountBySteps() {
    KubeObject pod =
        pod(
            """
            overhead: {cpu: 10m}
            initContainers:
            - {name: i1, resources: {requests: {cpu: 300m}}}
            - {name: side, restartPolicy: Always, resources: {requests: {cpu: 100m}}}
            - {name: i2, resources: {requests: {cpu: 700m}}}
            containers:
            - {name: web, resources: {requests: {cpu: 500m}}}
            """);
    assertThat(Admission.request(pod, "cpu")).isEqualTo(810);
  }

  @ParameterizedTest
  @CsvSource({
    "'', TCP, '', TCP, true",
    "'', TCP, '', UDP, false",
    "192.0.2.1, TCP, 192.0.2.2, TCP, false",
    "192.0.2.1, TCP, 192.0.2.1, TCP, true",
    "192.0.2.1, TCP, '', TCP, true",
  })
  void hostPortsConflictByAddressAndProtocol(
      String ip, String protocol, String otherIp, String otherProtocol, boolean conflict) {
    String spec = "containers: [{name: c, ports: [{hostPort: 80, hostIP: '%s', protocol: %s}]}]";
    Optional<Admission.Refusal> refusal =
        Admission.check(
            pod(spec.formatted(ip, protocol)),
            List.of(pod(spec.formatted(otherIp, otherProtocol))),
            CAPACITY);
    assertThat(refusal.map(Admission.Refusal::reason))
        .isEqualTo(conflict ? Optional.of("NodePorts") : Optional.empty());
  }
}
