package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Defaults of services, and what an update carries over from the old object. We serve one family of
 * addresses, IPv4. Pure.
 */
final class ServiceDefaults {
  static final String HEADLESS = "None";

  private ServiceDefaults() {}

  static JsonObject service(JsonObject service) {
    return Edit.of(service).in("spec", ServiceDefaults::spec).done();
  }

  private static JsonObject spec(JsonObject spec) {
    Edit edit = Edit.of(spec).text("type", "ClusterIP").text("sessionAffinity", "None");
    String type = edit.current().string("type").orElse("");
    if (spec.string("sessionAffinity").orElse("").equals("ClientIP")) {
      edit.absent("sessionAffinityConfig", JsonObject.EMPTY)
          .in(
              "sessionAffinityConfig",
              config ->
                  Edit.of(config)
                      .absent("clientIP", JsonObject.EMPTY)
                      .in(
                          "clientIP",
                          client -> Edit.of(client).absent("timeoutSeconds", Json.of(10800)).done())
                      .done());
    } else {
      edit.remove("sessionAffinityConfig");
    }
    edit.each("ports", ServiceDefaults::port);
    boolean external = type.equals("NodePort") || type.equals("LoadBalancer");
    if (external) {
      edit.text("externalTrafficPolicy", "Cluster");
    }
    if (type.equals("LoadBalancer")) {
      edit.absent("allocateLoadBalancerNodePorts", Json.of(true));
    }
    if (!type.equals("ExternalName")) {
      edit.text("internalTrafficPolicy", "Cluster");
    }
    return edit.done();
  }

  private static JsonObject port(JsonObject port) {
    Edit edit = Edit.of(port).text("protocol", "TCP");
    Json target = port.get("targetPort").orElse(JsonNull.NULL);
    boolean unset =
        target == JsonNull.NULL
            || (target instanceof JsonNumber n && n.longValue() == 0)
            || (target instanceof JsonString s && s.value().isEmpty());
    if (unset) {
      edit.set("targetPort", port.get("port").orElse(Json.of(0)));
    }
    return edit.done();
  }

  /** {@code clusterIP} and {@code clusterIPs} say the same, and the families are filled in. */
  static KubeObject mirrored(KubeObject service, Optional<KubeObject> old) {
    Edit spec = Edit.of(service.spec());
    if (service.spec().string("type").orElse("").equals("ExternalName")) {
      spec.remove("ipFamilies").remove("ipFamilyPolicy");
      return done(service, spec);
    }
    String single = service.spec().string("clusterIP").orElse("");
    List<String> several = service.spec().array("clusterIPs").strings().toList();
    boolean singleChanged =
        old.isPresent() && !single.equals(old.get().spec().string("clusterIP").orElse(""));
    boolean severalChanged =
        old.isPresent() && !several.equals(old.get().spec().array("clusterIPs").strings().toList());
    if (!single.isEmpty() && (several.isEmpty() || (singleChanged && !severalChanged))) {
      spec.set("clusterIPs", JsonArray.ofStrings(List.of(single)));
    } else if (single.isEmpty() && singleChanged && !severalChanged) {
      spec.remove("clusterIPs");
    }
    if (spec.current().string("clusterIP").orElse("").isEmpty()
        && !several.isEmpty()
        && !singleChanged) {
      spec.set("clusterIP", Json.of(several.getFirst()));
    }
    if (spec.current().array("ipFamilies").isEmpty()) {
      spec.set("ipFamilies", JsonArray.ofStrings(List.of("IPv4")));
    }
    spec.text("ipFamilyPolicy", "SingleStack");
    return done(service, spec);
  }

  /** An update that leaves out what was allocated keeps it, where the type still needs it. */
  static KubeObject patched(KubeObject service, KubeObject old) {
    Edit spec = Edit.of(service.spec());
    boolean needs = needsClusterIp(service.spec());
    boolean needed = needsClusterIp(old.spec());
    if (needs && needed && sameOrUnset(service, old)) {
      for (String name : List.of("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")) {
        old.spec().get(name).ifPresent(value -> spec.absent(name, value));
      }
      spec.text("clusterIP", old.spec().string("clusterIP").orElse(""));
    }
    if (!needs && needed && service.spec().get("clusterIP").equals(old.spec().get("clusterIP"))) {
      spec.remove("clusterIP").remove("clusterIPs");
    }
    boolean ports = needsNodePort(service.spec());
    if (ports && needsNodePort(old.spec())) {
      keepNodePorts(spec, old.spec());
    } else if (!ports && needsNodePort(old.spec())) {
      dropUnchangedNodePorts(spec, old.spec());
      if (!service.spec().string("type").orElse("").equals("LoadBalancer")) {
        spec.remove("externalTrafficPolicy").remove("allocateLoadBalancerNodePorts");
      }
    }
    return mirrored(done(service, spec), Optional.of(old));
  }

  static boolean needsClusterIp(JsonObject spec) {
    return !spec.string("type").orElse("").equals("ExternalName");
  }

  static boolean needsNodePort(JsonObject spec) {
    String type = spec.string("type").orElse("");
    return type.equals("NodePort")
        || (type.equals("LoadBalancer") && spec.bool("allocateLoadBalancerNodePorts").orElse(true));
  }

  private static boolean sameOrUnset(KubeObject service, KubeObject old) {
    String now = service.spec().string("clusterIP").orElse("");
    return now.isEmpty() || now.equals(old.spec().string("clusterIP").orElse(""));
  }

  /** A port without a node port takes that of the old port with the same protocol and number. */
  private static void keepNodePorts(Edit spec, JsonObject old) {
    List<Long> wanted =
        spec.current()
            .array("ports")
            .objects()
            .map(port -> port.integer("nodePort").orElse(0))
            .toList();
    spec.each(
        "ports",
        port -> {
          if (port.integer("nodePort").orElse(0) != 0) {
            return port;
          }
          return old.array("ports")
              .objects()
              .filter(before -> samePort(before, port))
              .map(before -> before.integer("nodePort").orElse(0))
              .filter(number -> number != 0 && !wanted.contains(number))
              .findFirst()
              .map(number -> port.with("nodePort", Json.of(number)))
              .orElse(port);
        });
  }

  private static void dropUnchangedNodePorts(Edit spec, JsonObject old) {
    var before = new ArrayList<Long>();
    old.array("ports").objects().forEach(p -> before.add(p.integer("nodePort").orElse(0)));
    spec.each(
        "ports",
        port ->
            before.contains(port.integer("nodePort").orElse(0)) ? port.without("nodePort") : port);
  }

  static boolean samePort(JsonObject a, JsonObject b) {
    return a.integer("port").equals(b.integer("port"))
        && a.string("protocol").equals(b.string("protocol"));
  }

  private static KubeObject done(KubeObject service, Edit spec) {
    return service.spec() == spec.current() ? service : service.withSpec(spec.done());
  }
}
