package dev.nacelle.node.start;

import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.pod.PodView;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The downward API: {@code fieldRef} and {@code resourceFieldRef}. Pure. */
public final class FieldValues {
  private FieldValues() {}

  /** What the node adds to the pod's own fields. */
  public record Host(
      String nodeName, String hostAddress, String podAddress, long cpuMillis, long memoryBytes) {}

  /**
   * The text of a pod field.
   *
   * @throws ConfigurationException if there is no such field
   */
  public static String field(PodView pod, String path, Host host) throws ConfigurationException {
    return switch (path) {
      case "metadata.name" -> pod.object().name();
      case "metadata.namespace" -> pod.object().namespace();
      case "metadata.uid" -> pod.uid();
      case "metadata.labels" -> map(pod.object().labels());
      case "metadata.annotations" -> map(pod.object().annotations());
      case "spec.nodeName" -> host.nodeName();
      case "spec.serviceAccountName" -> pod.spec().string("serviceAccountName").orElse("");
      case "status.hostIP", "status.hostIPs" -> host.hostAddress();
      case "status.podIP", "status.podIPs" -> host.podAddress();
      default ->
          keyed(path, "metadata.labels", pod.object().labels())
              .or(() -> keyed(path, "metadata.annotations", pod.object().annotations()))
              .orElseThrow(() -> ConfigurationException.config("unsupported fieldPath: " + path));
    };
  }

  private static Optional<String> keyed(String path, String field, Map<String, String> values) {
    if (!path.startsWith(field + "['") || !path.endsWith("']")) {
      return Optional.empty();
    }
    String key = path.substring(field.length() + 2, path.length() - 2);
    return Optional.of(values.getOrDefault(key, ""));
  }

  /** Lines of {@code key="escaped value"}, sorted. */
  private static String map(Map<String, String> values) {
    return new TreeMap<>(values)
        .entrySet().stream()
            .map(e -> e.getKey() + "=" + quoted(e.getValue()))
            .collect(Collectors.joining("\n"));
  }

  /** As Go's {@code %q}. */
  private static String quoted(String text) {
    var result = new StringBuilder(text.length() + 2).append('"');
    text.codePoints()
        .forEach(
            c -> {
              int at = "\"\\\u0007\b\f\n\r\t\u000b".indexOf(c);
              if (at >= 0) {
                result.append('\\').append("\"\\abfnrtv".charAt(at));
              } else if (c < ' ' || c == 0x7f) {
                result.append("\\x%02x".formatted(c));
              } else {
                result.appendCodePoint(c);
              }
            });
    return result.append('"').toString();
  }

  /**
   * The number of a resource of a container; what is not limited is what the host has.
   *
   * @throws ConfigurationException if there is no such resource
   */
  public static String resource(JsonObject container, JsonObject reference, Host host)
      throws ConfigurationException {
    String name = reference.string("resource").orElse("");
    Quantity divisor =
        reference
            .get("divisor")
            .flatMap(Quantity::read)
            .filter(d -> !d.isZero())
            .orElse(Quantity.of(1));
    boolean limit = name.startsWith("limits.");
    String resource = name.substring(name.indexOf('.') + 1);
    if (!name.matches("(limits|requests)\\.(cpu|memory|ephemeral-storage|hugepages-.+)")) {
      throw ConfigurationException.config("unsupported container resource : " + name);
    }
    Optional<Quantity> stated =
        container
            .find("resources", limit ? "limits" : "requests", resource)
            .flatMap(Quantity::read)
            .filter(q -> !q.isZero());
    long otherwise =
        switch (limit ? resource : "") {
          case "cpu" -> host.cpuMillis();
          case "memory" -> Math.multiplyExact(host.memoryBytes(), 1000L);
          default -> 0L;
        };
    long milli = stated.map(Quantity::millis).orElse(otherwise);
    long step = Math.max(1, divisor.millis());
    return Long.toString(Math.ceilDiv(milli, step));
  }
}
