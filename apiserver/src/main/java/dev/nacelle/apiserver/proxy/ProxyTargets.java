package dev.nacelle.apiserver.proxy;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Finds out where a request to a proxy subresource goes, by the rules and in the words of upstream.
 * Addresses that are not those of pods are refused, so that nobody reaches the server's own
 * network. Safe for any thread.
 */
public final class ProxyTargets {
  private static final String SERVICE_NAME = "kubernetes.io/service-name";

  private final ApiClient api;
  private final RandomGenerator random;

  /**
   * @param api reads whatever is asked for
   * @param random chooses among endpoints; safe for any thread
   */
  public ProxyTargets(ApiClient api, RandomGenerator random) {
    this.api = api;
    this.random = random;
  }

  /**
   * @param id such as {@code https:web:443}
   * @throws ApiException if there is no such pod, or it has no address
   */
  public ProxyTarget pod(String namespace, String id) {
    ProxyName asked = parsed("pod", id);
    KubeObject pod = api.get(Resources.PODS, new ObjectKey(namespace, asked.name()));
    String port = asked.port().isEmpty() ? firstPort(pod) : asked.port();
    return address(asked, pod.status().string("podIP").orElse(""), port);
  }

  private static ProxyName parsed(String kind, String id) {
    return ProxyName.parse(id)
        .orElseThrow(() -> ApiException.badRequest("invalid " + kind + " request \"" + id + "\""));
  }

  private static String firstPort(KubeObject pod) {
    return pod.spec()
        .array("containers")
        .objects()
        .flatMap(container -> container.array("ports").objects().limit(1))
        .findFirst()
        .map(port -> Long.toString(port.integer("containerPort").orElse(0)))
        .orElse("");
  }

  private static ProxyTarget address(ProxyName asked, String ip, String port) {
    if (!isProxyable(ip)) {
      throw ApiException.badRequest("address not allowed");
    }
    String host = ip.contains(":") ? "[" + ip + "]" : ip;
    return new ProxyTarget.Address(
        asked.schemeOrPlain() + "://" + host + (port.isEmpty() ? "" : ":" + port));
  }

  /** Whether an address may be that of a pod or a node: not this host's own, and nobody's group. */
  private static boolean isProxyable(String ip) {
    try {
      InetAddress address = InetAddress.ofLiteral(ip);
      return !address.isLoopbackAddress()
          && !address.isLinkLocalAddress()
          && !address.isMulticastAddress()
          && !address.isAnyLocalAddress()
          && !ip.equals("255.255.255.255");
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * A ready endpoint of a service, chosen at random.
   *
   * @throws ApiException if there is no such service (404) or no endpoint for the port (503)
   */
  public ProxyTarget service(String namespace, String id) {
    ProxyName asked = parsed("service", id);
    String port = servicePort(namespace, asked);
    List<KubeObject> slices =
        api.list(
                Resources.ENDPOINT_SLICES,
                ListOptions.inNamespace(namespace)
                    .withLabelSelector(SERVICE_NAME + "=" + asked.name()))
            .items();
    if (slices.isEmpty()) {
      requireService(namespace, asked.name(), Resources.ENDPOINTS);
      throw noEndpoints(asked.name());
    }
    var left = new ArrayList<Endpoint>();
    slices.forEach(slice -> left.addAll(endpoints(slice, port)));
    while (!left.isEmpty()) {
      Endpoint chosen = left.remove(random.nextInt(left.size()));
      if (isPods(namespace, chosen)) {
        return address(asked, chosen.ip(), Long.toString(chosen.port()));
      }
    }
    throw noEndpoints(id);
  }

  private static ApiException noEndpoints(String service) {
    return ApiException.unavailable("no endpoints available for service \"" + service + "\"");
  }

  /**
   * @param shown the resource that a client is told is missing
   */
  private KubeObject requireService(String namespace, String name, ResourceType shown) {
    try {
      return api.get(Resources.SERVICES, new ObjectKey(namespace, name));
    } catch (ApiException e) {
      throw e.isNotFound() ? ApiException.notFound(shown, name) : e;
    }
  }

  /** The name of the asked port; a number is one of the service's own. */
  private String servicePort(String namespace, ProxyName asked) {
    if (!asked.port().matches("\\d{1,9}")) {
      return asked.port();
    }
    int number = Integer.parseInt(asked.port());
    return requireService(namespace, asked.name(), Resources.SERVICES)
        .spec()
        .array("ports")
        .objects()
        .filter(port -> port.integer("port").orElse(0) == number)
        .findFirst()
        .map(port -> port.string("name").orElse(""))
        .orElseThrow(
            () ->
                ApiException.unavailable(
                    "no service port %d found for service \"%s\"".formatted(number, asked.name())));
  }

  /** An address that a slice says is ready, and the pod that it says has it. */
  private record Endpoint(String ip, long port, String namespace, String pod) {}

  private static List<Endpoint> endpoints(KubeObject slice, String portName) {
    Optional<Long> port =
        slice
            .json()
            .array("ports")
            .objects()
            .filter(p -> p.string("name").orElse("").equals(portName))
            .findFirst()
            .map(p -> p.integer("port").orElse(0));
    return port.isEmpty()
        ? List.of()
        : slice
            .json()
            .array("endpoints")
            .objects()
            .filter(e -> e.bool("conditions", "ready").orElse(true))
            .flatMap(e -> e.array("addresses").strings().map(ip -> endpoint(e, ip, port.get())))
            .toList();
  }

  private static Endpoint endpoint(JsonObject endpoint, String ip, long port) {
    return new Endpoint(
        ip,
        port,
        endpoint.string("targetRef", "namespace").orElse(""),
        endpoint.string("targetRef", "name").orElse(""));
  }

  /** Anybody may write a slice with any address: only those of pods are taken. */
  private boolean isPods(String namespace, Endpoint endpoint) {
    if (endpoint.pod().isEmpty() || !endpoint.namespace().equals(namespace)) {
      return false;
    }
    try {
      KubeObject pod = api.get(Resources.PODS, new ObjectKey(namespace, endpoint.pod()));
      return pod.status()
          .array("podIPs")
          .objects()
          .anyMatch(ip -> ip.string("ip").filter(endpoint.ip()::equals).isPresent());
    } catch (ApiException e) {
      if (e.isNotFound()) {
        return false;
      }
      throw e;
    }
  }

  /**
   * A node's own endpoint, or another port of the node's host.
   *
   * @throws ApiException if there is no such node, or it has no address
   */
  public ProxyTarget node(String id) {
    ProxyName asked = parsed("node", id);
    KubeObject node = api.get(Resources.NODES, ObjectKey.cluster(asked.name()));
    long own = node.status().integer("daemonEndpoints", "kubeletEndpoint", "Port").orElse(0);
    if (asked.port().isEmpty() || asked.port().equals(Long.toString(own))) {
      return new ProxyTarget.Node(asked.name());
    }
    String ip =
        node.status()
            .array("addresses")
            .objects()
            .filter(a -> a.string("type").filter("InternalIP"::equals).isPresent())
            .findFirst()
            .flatMap(a -> a.string("address"))
            .orElse("");
    return address(asked, ip, asked.port());
  }
}
