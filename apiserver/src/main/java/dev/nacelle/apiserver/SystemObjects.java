package dev.nacelle.apiserver;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes what every cluster has, and keeps it right: the first namespaces and the service {@code
 * kubernetes} that leads to this server. One thread of its own.
 */
final class SystemObjects implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SystemObjects.class);
  private static final List<String> NAMESPACES =
      List.of("kube-system", "kube-public", "kube-node-lease", "default");
  private static final WriteOptions WRITER = WriteOptions.by("kube-apiserver");
  private static final Duration LOOK = Duration.ofSeconds(10);
  private static final ObjectKey KUBERNETES = new ObjectKey("default", "kubernetes");

  private final ApiClient client;
  private final String serviceAddress;
  private final String advertiseAddress;
  private volatile int port;
  private final CountDownLatch made = new CountDownLatch(1);
  private final Thread thread;

  SystemObjects(ApiClient client, String serviceAddress, String advertiseAddress) {
    this.client = client;
    this.serviceAddress = serviceAddress;
    this.advertiseAddress = advertiseAddress;
    this.thread = Thread.ofVirtual().name("system objects").unstarted(this::run);
  }

  /**
   * Begins; to be called once.
   *
   * @param serverPort on which the server listens
   */
  void start(int serverPort) {
    port = serverPort;
    thread.start();
  }

  boolean isMade() {
    return made.getCount() == 0;
  }

  private void run() {
    try {
      while (true) {
        Duration wait = LOOK;
        try {
          look();
          made.countDown();
        } catch (ApiException e) {
          LOG.warn("cannot make the system's own objects: {}", e.getMessage());
          wait = Duration.ofMillis(200);
        }
        Thread.sleep(wait);
      }
    } catch (InterruptedException e) {
      LOG.debug("no longer keeping the system's own objects");
    }
  }

  private void look() {
    for (String name : NAMESPACES) {
      if (client.find(Resources.NAMESPACES, ObjectKey.cluster(name)).isEmpty()) {
        create(
            Resources.NAMESPACES,
            KubeObject.of(new GroupVersionKind("", "v1", "Namespace"), ObjectKey.cluster(name)));
      }
    }
    Optional<KubeObject> service = client.find(Resources.SERVICES, KUBERNETES);
    if (service.isEmpty()) {
      create(Resources.SERVICES, service());
    }
    keep(Resources.ENDPOINTS, endpoints(), "subsets");
    keep(Resources.ENDPOINT_SLICES, endpointSlice(), "endpoints", "ports");
  }

  private void create(ResourceType type, KubeObject object) {
    try {
      client.create(type, object, WRITER);
    } catch (ApiException e) {
      if (!e.isAlreadyExists()) {
        throw e;
      }
    }
  }

  private void keep(ResourceType type, KubeObject wanted, String... fields) {
    Optional<KubeObject> present = client.find(type, KUBERNETES);
    if (present.isEmpty()) {
      create(type, wanted);
      return;
    }
    JsonObject json = present.get().json();
    for (String field : fields) {
      json = json.with(field, wanted.json().get(field).orElseThrow());
    }
    if (!json.equals(present.get().json())) {
      client.update(type, new KubeObject(json), WRITER);
    }
  }

  private static JsonObject.Builder object(String apiVersion, String kind) {
    return JsonObject.builder().put("apiVersion", apiVersion).put("kind", kind);
  }

  private static JsonObject metadata(String label, String value) {
    return JsonObject.builder()
        .put("name", KUBERNETES.name())
        .put("namespace", KUBERNETES.namespace())
        .put("labels", JsonObject.builder().put(label, value).build())
        .build();
  }

  private KubeObject service() {
    JsonObject https =
        JsonObject.builder()
            .put("name", "https")
            .put("protocol", "TCP")
            .put("port", 443)
            .put("targetPort", port)
            .build();
    JsonObject labels =
        JsonObject.builder().put("component", "apiserver").put("provider", "kubernetes").build();
    return new KubeObject(
        object("v1", "Service")
            .put("metadata", metadata("component", "apiserver").with("labels", labels))
            .put(
                "spec",
                JsonObject.builder()
                    .put("type", "ClusterIP")
                    .put("clusterIP", serviceAddress)
                    .put("clusterIPs", JsonArray.ofStrings(List.of(serviceAddress)))
                    .put("ipFamilies", JsonArray.ofStrings(List.of("IPv4")))
                    .put("ipFamilyPolicy", "SingleStack")
                    .put("ports", JsonArray.of(https))
                    .put("sessionAffinity", "None")
                    .build())
            .build());
  }

  private JsonObject port() {
    return JsonObject.builder()
        .put("name", "https")
        .put("port", port)
        .put("protocol", "TCP")
        .build();
  }

  private KubeObject endpoints() {
    JsonObject subset =
        JsonObject.builder()
            .put(
                "addresses", JsonArray.of(JsonObject.builder().put("ip", advertiseAddress).build()))
            .put("ports", JsonArray.of(port()))
            .build();
    return new KubeObject(
        object("v1", "Endpoints")
            .put("metadata", metadata("endpointslice.kubernetes.io/skip-mirror", "true"))
            .put("subsets", JsonArray.of(subset))
            .build());
  }

  private KubeObject endpointSlice() {
    JsonObject endpoint =
        JsonObject.builder()
            .put("addresses", JsonArray.ofStrings(List.of(advertiseAddress)))
            .put("conditions", JsonObject.builder().put("ready", Json.of(true)).build())
            .build();
    return new KubeObject(
        object("discovery.k8s.io/v1", "EndpointSlice")
            .put("metadata", metadata("kubernetes.io/service-name", "kubernetes"))
            .put("addressType", "IPv4")
            .put("endpoints", JsonArray.of(endpoint))
            .put("ports", JsonArray.of(port()))
            .build());
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
