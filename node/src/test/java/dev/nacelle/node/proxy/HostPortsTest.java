package dev.nacelle.node.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.network.Backend;
import dev.nacelle.network.Frontend;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Protocol;
import dev.nacelle.network.ServiceEntry;
import dev.nacelle.node.pod.Pods;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class HostPortsTest {
  private static final String PORT =
      "containers: [{name: c, ports: [{containerPort: 80, hostPort: 8080, protocol: UDP}]}]";

  private static KubeObject pod(String spec, String status) {
    return Pods.pod(spec, status).object();
  }

  private static final KubeObject RUNNING = pod(PORT, "{phase: Running, podIP: 10.64.0.2}");

  @Test
  void hostPortLeadsToThePod() {
    assertThat(HostPorts.of(List.of(RUNNING)))
        .containsExactly(
            ServiceEntry.of(
                "ns/a:hostPort-8080",
                Protocol.UDP,
                List.of(Frontend.nodePort(8080)),
                List.of(Backend.local(Ipv4.parse("10.64.0.2"), 80))));
  }

  @Test
  void podsWithoutAddressAtTheirEndOrInTheHostsNetworkHaveNone() {
    assertThat(
            HostPorts.of(
                List.of(
                    pod(PORT, "{}"),
                    pod(PORT, "{phase: Succeeded, podIP: 10.64.0.2}"),
                    pod("hostNetwork: true\n" + PORT, "{podIP: 192.0.2.1}"))))
        .isEmpty();
  }

  @Test
  void portOfAServiceGoesBefore() {
    var service =
        new KubeObject(
            Pods.yaml(
                """
                metadata: {name: s, namespace: ns}
                spec:
                  type: NodePort
                  clusterIP: 10.128.0.7
                  ports: [{port: 80, nodePort: 8080, protocol: UDP}]
                """));
    assertThat(
            ServiceTables.of(List.of(service), List.of(), List.of(RUNNING), Set.of(), "n1")
                .services())
        .extracting(ServiceEntry::name)
        .containsExactly("ns/s:");
    assertThat(ServiceTables.of(List.of(), List.of(), List.of(RUNNING), Set.of(), "n1").services())
        .hasSize(1);
  }
}
