package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.YamlReader;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where the cluster's registry is, as the ConfigMap {@code kube-public/local-registry-hosting} says
 * it (KEP-1755, "Standard for communicating a local registry").
 *
 * @param address {@code HOST:PORT} by which every host reaches it
 * @param port of it on the first host, by which images may name it too
 */
record RegistryHosting(String address, int port) {
  static final ObjectKey KEY = new ObjectKey("kube-public", "local-registry-hosting");

  private static final String MEMBER = "localRegistryHosting.v1";
  private static final String LABEL = "app.kubernetes.io/managed-by";
  private static final String OURS = "nacelle";

  /** What images of it may begin with. */
  Set<String> names() {
    return Set.of("127.0.0.1:" + port, "localhost:" + port, address);
  }

  URI at() {
    return URI.create("https://" + address);
  }

  /** Tells the cluster. */
  void publish(ApiClient client) {
    String text =
        """
        host: "127.0.0.1:%d"
        hostFromContainerRuntime: "%s"
        hostFromClusterNetwork: "%s"
        """
            .formatted(port, address, address);
    new OwnObjects(client, "nacelle-registry")
        .putConfigMap(KEY, Map.of(LABEL, OURS), Map.of(MEMBER, text));
  }

  /** Takes back what an earlier start has told; what somebody else tells stays. */
  static void withdraw(ApiClient client) {
    Optional<KubeObject> present = client.find(Resources.CONFIG_MAPS, KEY);
    if (present.isPresent()
        && present.get().json().string("metadata", "labels", LABEL).equals(Optional.of(OURS))) {
      client.delete(Resources.CONFIG_MAPS, KEY, DeleteOptions.DEFAULT);
    }
  }

  /**
   * What the cluster says; empty where it has no registry of its own.
   *
   * @throws ApiException if it cannot be asked
   */
  static Optional<RegistryHosting> of(ApiClient client) {
    return client
        .find(Resources.CONFIG_MAPS, KEY)
        .map(KubeObject::json)
        .filter(json -> json.string("metadata", "labels", LABEL).equals(Optional.of(OURS)))
        .flatMap(json -> json.string("data", MEMBER))
        .flatMap(RegistryHosting::parse);
  }

  private static Optional<RegistryHosting> parse(String text) {
    try {
      if (YamlReader.read(Bytes.utf8(text)) instanceof JsonObject hosting) {
        String address = hosting.string("hostFromContainerRuntime").orElse("");
        int colon = address.lastIndexOf(':');
        if (address.matches("[A-Za-z0-9.-]+:[0-9]{1,5}")) {
          return Optional.of(
              new RegistryHosting(address, Integer.parseInt(address.substring(colon + 1))));
        }
      }
      return Optional.empty();
    } catch (JsonSyntaxException e) {
      return Optional.empty();
    }
  }
}
