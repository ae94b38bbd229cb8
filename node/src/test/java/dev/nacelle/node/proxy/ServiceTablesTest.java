package dev.nacelle.node.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.network.Backend;
import dev.nacelle.network.Frontend;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Protocol;
import dev.nacelle.network.ServiceEntry;
import dev.nacelle.network.TrafficPolicy;
import dev.nacelle.node.pod.Pods;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ServiceTablesTest {
  private static KubeObject service(String spec) {
    return new KubeObject(Pods.yaml("{metadata: {name: s, namespace: ns}, spec: {" + spec + "}}"));
  }

  private static KubeObject slice(String ports, String endpoints) {
    return new KubeObject(
        Pods.yaml(
            "{metadata: {name: s-1, namespace: ns, labels: {kubernetes.io/service-name: s}},"
                + " addressType: IPv4, ports: ["
                + ports
                + "], endpoints: ["
                + endpoints
                + "]}"));
  }

  private static List<ServiceEntry> entries(KubeObject service, KubeObject... slices) {
    return ServiceTables.of(List.of(service), List.of(slices), "n1").services();
  }

  @Test
  void clusterAddressLeadsToReadyEndpoints() {
    List<ServiceEntry> entries =
        entries(
            service("clusterIP: 10.128.0.7, ports: [{name: http, port: 80}]"),
            slice(
                "{name: http, port: 8080}",
                "{addresses: [10.64.0.2], nodeName: n1, conditions: {ready: true}},"
                    + " {addresses: [10.64.8.3], nodeName: n2, conditions: {ready: true}},"
                    + " {addresses: [10.64.0.4], conditions: {ready: false}}"));
    assertThat(entries).hasSize(1);
    assertThat(entries.getFirst().frontends())
        .containsExactly(Frontend.clusterIp(Ipv4.parse("10.128.0.7"), 80));
    assertThat(entries.getFirst().backends())
        .containsExactlyInAnyOrder(
            Backend.local(Ipv4.parse("10.64.0.2"), 8080),
            Backend.remote(Ipv4.parse("10.64.8.3"), 8080));
  }

  @Test
  void endpointsThatEndServeWhereNobodyIsReady() {
    List<ServiceEntry> entries =
        entries(
            service("clusterIP: 10.128.0.7, ports: [{port: 80}]"),
            slice(
                "{name: \"\", port: 8080}",
                "{addresses: [10.64.0.2],"
                    + " conditions: {ready: false, serving: true, terminating: true}}"));
    assertThat(entries.getFirst().backends())
        .containsExactly(Backend.remote(Ipv4.parse("10.64.0.2"), 8080));
  }

  @Test
  void serviceWithoutEndpointsKeepsItsFrontend() {
    assertThat(entries(service("clusterIP: 10.128.0.7, ports: [{port: 80}]")).getFirst().backends())
        .isEmpty();
  }

  @Test
  void headlessAndExternalNamesHaveNoFrontend() {
    assertThat(entries(service("clusterIP: None, ports: [{port: 80}]"))).isEmpty();
    assertThat(entries(service("type: ExternalName, externalName: x, ports: [{port: 80}]")))
        .isEmpty();
  }

  @Test
  void affinityAndPoliciesAreTakenOver() {
    ServiceEntry entry =
        entries(
                service(
                    "type: NodePort, clusterIP: 10.128.0.7, sessionAffinity: ClientIP,"
                        + " internalTrafficPolicy: Local, externalTrafficPolicy: Local,"
                        + " ports: [{port: 80, nodePort: 30080}]"))
            .getFirst();
    assertThat(entry.affinity()).isEqualTo(Duration.ofHours(3));
    assertThat(entry.internalPolicy()).isEqualTo(TrafficPolicy.LOCAL);
    assertThat(entry.externalPolicy()).isEqualTo(TrafficPolicy.LOCAL);
    assertThat(entry.frontends()).contains(Frontend.nodePort(30080));
  }

  @Test
  void aNodePortThatOthersHaveIsLeftOutAndTheRestStays() {
    KubeObject service =
        service(
            "type: NodePort, clusterIP: 10.128.0.7,"
                + " ports: [{name: http, port: 80, nodePort: 31000}]");
    assertThat(ServiceTables.claims(List.of(service)))
        .singleElement()
        .satisfies(
            c ->
                assertThat(c.port().describe(c.servicePort()))
                    .isEqualTo("\"nodePort for ns/s:http\" (:31000/tcp4)"));
    assertThat(
            ServiceTables.of(
                    List.of(service),
                    List.of(),
                    List.of(),
                    Set.of(new NodePort(31_000, Protocol.TCP)),
                    "n1")
                .services()
                .getFirst()
                .frontends())
        .containsExactly(Frontend.clusterIp(Ipv4.parse("10.128.0.7"), 80));
  }
}
