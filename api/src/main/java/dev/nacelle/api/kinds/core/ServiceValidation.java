package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.MetadataValidation;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/** The rules of services, worded as upstream's {@code ValidateService}. Pure. */
final class ServiceValidation {
  private static final String[] TYPES = {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"};

  private ServiceValidation() {}

  static List<FieldError> create(KubeObject service) {
    var errors = new ArrayList<FieldError>();
    Check spec = Check.of(service.spec(), "spec", errors);
    String type = spec.text("type");
    boolean headless = spec.text("clusterIP").equals(ServiceDefaults.HEADLESS);
    if (spec.object().array("ports").isEmpty() && !headless && !type.equals("ExternalName")) {
      spec.required("ports", "");
    }
    if (headless && (type.equals("LoadBalancer") || type.equals("NodePort"))) {
      errors.add(
          FieldError.invalid(
              "spec.clusterIPs[0]",
              Json.of(ServiceDefaults.HEADLESS),
              "may not be set to 'None' for " + type + " services"));
    }
    if (type.equals("ExternalName")) {
      externalName(spec);
    } else {
      addresses(spec);
    }
    ports(spec);
    MetadataValidation.labels(spec.object().strings("selector"), "spec.selector", errors);
    spec.oneOf("sessionAffinity", "ClientIP", "None")
        .oneOf("type", TYPES)
        .eachText("externalIPs", Formats::ipAddress)
        .optionalOneOf("internalTrafficPolicy", "Cluster", "Local")
        .optionalOneOf("externalTrafficPolicy", "Cluster", "Local");
    affinity(spec);
    boolean reachable =
        type.equals("NodePort")
            || type.equals("LoadBalancer")
            || !spec.object().array("externalIPs").isEmpty();
    if (!spec.text("externalTrafficPolicy").isEmpty() && !reachable) {
      spec.invalid("externalTrafficPolicy", "may only be set for externally-accessible services");
    }
    return errors;
  }

  static List<FieldError> update(KubeObject service, KubeObject old) {
    var errors = new ArrayList<>(create(service));
    String before = old.spec().string("clusterIP").orElse("");
    boolean both =
        ServiceDefaults.needsClusterIp(service.spec())
            && ServiceDefaults.needsClusterIp(old.spec());
    if (both
        && !before.isEmpty()
        && !before.equals(service.spec().string("clusterIP").orElse(""))) {
      errors.add(
          FieldError.invalid(
              "spec.clusterIPs[0]", service.spec().array("clusterIPs"), "may not change once set"));
    }
    return errors;
  }

  private static void externalName(Check spec) {
    if (!spec.object().array("clusterIPs").isEmpty()) {
      spec.forbidden("clusterIPs", "may not be set for ExternalName services");
    }
    String name = spec.text("externalName");
    if (name.isEmpty()) {
      spec.required("externalName", "");
    } else {
      String bare = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
      Formats.addInvalid(
          "spec.externalName", Json.of(name), Formats.dnsSubdomain(bare), spec.errors());
    }
  }

  private static void addresses(Check spec) {
    List<String> all = spec.object().array("clusterIPs").strings().toList();
    String single = spec.text("clusterIP");
    if (!all.isEmpty() && !single.isEmpty() && !all.getFirst().equals(single)) {
      spec.invalid("clusterIPs", "first value must match `clusterIP`");
    }
    if (all.size() > 1) {
      spec.invalid("clusterIPs", "may only hold up to 1 value: this cluster serves IPv4 alone");
    }
    for (int i = 0; i < all.size(); i++) {
      if (!all.get(i).equals(ServiceDefaults.HEADLESS)) {
        Formats.addInvalid(
            "spec.clusterIPs[" + i + "]",
            Json.of(all.get(i)),
            Formats.ipAddress(all.get(i)),
            spec.errors());
      }
    }
    if (spec.object().array("ipFamilies").strings().anyMatch(f -> !f.equals("IPv4"))) {
      spec.invalid("ipFamilies", "not configured on this cluster");
    }
    if (spec.text("ipFamilyPolicy").equals("RequireDualStack")) {
      spec.invalid("ipFamilyPolicy", "this cluster is not configured for dual-stack services");
    }
    spec.optionalOneOf("ipFamilyPolicy", "SingleStack", "PreferDualStack", "RequireDualStack");
  }

  private static void ports(Check spec) {
    List<FieldError> errors = spec.errors();
    boolean several = spec.object().array("ports").size() > 1;
    boolean internal = spec.text("type").equals("ClusterIP");
    var pairs = new HashSet<String>();
    var nodePorts = new HashSet<String>();
    spec.each(
        "ports",
        (item, at) -> {
          Check port = Check.of(item, at, errors);
          if (several && port.text("name").isEmpty()) {
            port.required("name", "");
          }
          port.matches("name", Formats::dnsLabel)
              .oneOf("protocol", "TCP", "UDP", "SCTP")
              .port("port")
              .matches("appProtocol", Formats::qualifiedName);
          if (port.has("targetPort")) {
            port.port("targetPort");
          }
          String protocol = port.text("protocol");
          long number = item.integer("port").orElse(0);
          if (!pairs.add(protocol + "/" + number)) {
            errors.add(
                FieldError.duplicate(
                    at,
                    JsonObject.builder().put("port", number).put("protocol", protocol).build()));
          }
          long nodePort = item.integer("nodePort").orElse(0);
          if (nodePort != 0) {
            if (internal) {
              port.forbidden("nodePort", "may not be used when `type` is 'ClusterIP'");
            }
            if (!nodePorts.add(protocol + "/" + nodePort)) {
              errors.add(FieldError.duplicate(at + ".nodePort", Json.of(nodePort)));
            }
          }
        });
    spec.unique("ports", "name");
  }

  private static void affinity(Check spec) {
    long seconds =
        spec.object().integer("sessionAffinityConfig", "clientIP", "timeoutSeconds").orElse(10800);
    if (spec.text("sessionAffinity").equals("ClientIP") && (seconds <= 0 || seconds > 86400)) {
      spec.errors()
          .add(
              FieldError.invalid(
                  "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                  Json.of(seconds),
                  "must be greater than 0 and less than 86400"));
    }
  }
}
