package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.Map;

/**
 * Publishes the cluster's DNS server as the Service {@code kube-system/kube-dns} at the well-known
 * address.
 */
final class DnsService {
  private static final String NAMESPACE = "kube-system";
  private static final String NAME = "kube-dns";

  private DnsService() {}

  static void publish(ApiClient client, String clusterIp, String serverAddress, int serverPort) {
    var objects = new OwnObjects(client, "nacelle-dns");
    JsonObject service =
        JsonObject.builder()
            .put("apiVersion", "v1")
            .put("kind", "Service")
            .put(
                "metadata",
                JsonObject.builder()
                    .put("name", NAME)
                    .put("namespace", NAMESPACE)
                    .putStrings("labels", Map.of("k8s-app", NAME, "kubernetes.io/name", "CoreDNS"))
                    .build())
            .put(
                "spec",
                JsonObject.builder()
                    .put("clusterIP", clusterIp)
                    .put(
                        "ports",
                        JsonArray.of(servicePort("dns", "UDP"), servicePort("dns-tcp", "TCP")))
                    .build())
            .build();
    objects.put(Resources.SERVICES, service);
    JsonObject slice =
        JsonObject.builder()
            .put("apiVersion", "discovery.k8s.io/v1")
            .put("kind", "EndpointSlice")
            .put(
                "metadata",
                JsonObject.builder()
                    .put("name", NAME + "-nacelle")
                    .put("namespace", NAMESPACE)
                    .putStrings(
                        "labels",
                        Map.of(
                            "kubernetes.io/service-name",
                            NAME,
                            "endpointslice.kubernetes.io/managed-by",
                            "nacelle-dns"))
                    .build())
            .put("addressType", "IPv4")
            .put(
                "endpoints",
                JsonArray.of(
                    JsonObject.builder()
                        .put("addresses", JsonArray.ofStrings(java.util.List.of(serverAddress)))
                        .put("conditions", JsonObject.builder().put("ready", true).build())
                        .build()))
            .put(
                "ports",
                JsonArray.of(
                    slicePort("dns", "UDP", serverPort), slicePort("dns-tcp", "TCP", serverPort)))
            .build();
    objects.put(Resources.ENDPOINT_SLICES, slice);
  }

  private static JsonObject servicePort(String name, String protocol) {
    return JsonObject.builder().put("name", name).put("port", 53).put("protocol", protocol).build();
  }

  private static JsonObject slicePort(String name, String protocol, int port) {
    return JsonObject.builder()
        .put("name", name)
        .put("port", port)
        .put("protocol", protocol)
        .build();
  }
}
