package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.kinds.shared.LabelSelectors;
import dev.nacelle.api.kinds.shared.MetadataValidation;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules of pod specs, worded as upstream's {@code ValidatePodSpec}. Pure. */
final class PodSpecValidation {
  private static final int MAX_NAMESERVERS = 3;
  private static final int MAX_SEARCHES = 32;

  private PodSpecValidation() {}

  /** As {@link #validate}, for a pod that is to run. */
  static void validatePod(JsonObject spec, String path, List<FieldError> errors) {
    validate(spec, path, errors);
    VolumeValidation.requireReferences(Check.of(spec, path, errors));
  }

  /** Adds what is wrong with a spec whose defaults are filled in. */
  static void validate(JsonObject spec, String path, List<FieldError> errors) {
    Check check = Check.of(spec, path, errors);
    Set<String> volumes = VolumeValidation.validate(check);
    containers(check, volumes);
    check
        .oneOf("restartPolicy", "Always", "OnFailure", "Never")
        .oneOf("dnsPolicy", "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
        .matches("serviceAccountName", Formats::dnsSubdomain)
        .matches("nodeName", Formats::dnsSubdomain)
        .matches("hostname", Formats::dnsLabel)
        .matches("subdomain", Formats::dnsLabel)
        .matches("priorityClassName", Formats::dnsSubdomain)
        .matches("runtimeClassName", Formats::dnsSubdomain)
        .matches("schedulerName", Formats::qualifiedName)
        .optionalOneOf("preemptionPolicy", "Never", "PreemptLowerPriority")
        .between("activeDeadlineSeconds", 1, Integer.MAX_VALUE)
        .each("imagePullSecrets", (item, at) -> Check.of(item, at, errors).needs("name"))
        .each("tolerations", (item, at) -> toleration(Check.of(item, at, errors)))
        .each("hostAliases", (item, at) -> hostAlias(Check.of(item, at, errors)))
        .each("topologySpreadConstraints", (item, at) -> spread(Check.of(item, at, errors)))
        .each(
            "readinessGates",
            (item, at) -> Check.of(item, at, errors).needs("conditionType", Formats::qualifiedName))
        .each(
            "schedulingGates",
            (item, at) -> Check.of(item, at, errors).needs("name", Formats::qualifiedName))
        .unique("schedulingGates", "name")
        .in("securityContext", (item, at) -> securityContext(Check.of(item, at, errors), spec))
        .in("resources", (item, at) -> ResourceValidation.validate(item, at, errors));
    MetadataValidation.labels(spec.strings("nodeSelector"), path + ".nodeSelector", errors);
    dns(check);
    hostPorts(check);
  }

  private static void containers(Check check, Set<String> volumes) {
    List<FieldError> errors = check.errors();
    if (check.object().array("containers").isEmpty()) {
      check.required("containers", "");
    }
    var names = new HashSet<String>();
    check.each(
        "initContainers",
        (container, at) -> {
          ContainerValidation.validateInit(container, at, volumes, errors);
          uniqueName(container, at, names, errors);
        });
    check.each(
        "containers",
        (container, at) -> {
          ContainerValidation.validate(container, at, volumes, errors);
          uniqueName(container, at, names, errors);
        });
    check.each("ephemeralContainers", (container, at) -> uniqueName(container, at, names, errors));
  }

  private static void uniqueName(
      JsonObject container, String at, Set<String> names, List<FieldError> errors) {
    String name = container.string("name").orElse("");
    if (!name.isEmpty() && !names.add(name)) {
      errors.add(FieldError.duplicate(at + ".name", Json.of(name)));
    }
  }

  private static void toleration(Check check) {
    check.matches("key", Formats::qualifiedName);
    String operator = check.text("operator");
    if (check.text("key").isEmpty() && !operator.equals("Exists")) {
      check.invalid(
          "operator",
          "operator must be Exists when `key` is empty, which means \"match all values and all"
              + " keys\"");
    }
    if (check.has("tolerationSeconds") && !check.text("effect").equals("NoExecute")) {
      check.invalid("effect", "effect must be 'NoExecute' when `tolerationSeconds` is set");
    }
    switch (operator) {
      case "", "Equal" -> check.matches("value", Formats::labelValue);
      case "Exists" -> {
        if (!check.text("value").isEmpty()) {
          check.invalid("operator", "value must be empty when `operator` is 'Exists'");
        }
      }
      default -> check.optionalOneOf("operator", "Equal", "Exists");
    }
    check.optionalOneOf("effect", "NoSchedule", "PreferNoSchedule", "NoExecute");
  }

  private static void hostAlias(Check check) {
    check.matches("ip", Formats::ipAddress).eachText("hostnames", Formats::dnsSubdomain);
  }

  private static void spread(Check check) {
    if (check.object().integer("maxSkew").orElse(0) <= 0) {
      check.invalid("maxSkew", "must be greater than zero");
    }
    if (check.text("topologyKey").isEmpty()) {
      check.required("topologyKey", "can not be empty");
    } else {
      check.matches("topologyKey", Formats::qualifiedName);
    }
    if (!List.of("DoNotSchedule", "ScheduleAnyway").contains(check.text("whenUnsatisfiable"))) {
      check
          .errors()
          .add(
              FieldError.notSupported(
                  check.at("whenUnsatisfiable"),
                  Json.of(check.text("whenUnsatisfiable")),
                  List.of("DoNotSchedule", "ScheduleAnyway")));
    }
    check.in("labelSelector", (item, at) -> LabelSelectors.validate(item, at, check.errors()));
  }

  private static void securityContext(Check check, JsonObject spec) {
    check
        .between("runAsUser", 0, Integer.MAX_VALUE)
        .between("runAsGroup", 0, Integer.MAX_VALUE)
        .between("fsGroup", 0, Integer.MAX_VALUE)
        .optionalOneOf("fsGroupChangePolicy", "OnRootMismatch", "Always")
        .unique("sysctls", "name");
    if (spec.bool("shareProcessNamespace").orElse(false) && spec.bool("hostPID").orElse(false)) {
      check.invalid(
          "shareProcessNamespace", "ShareProcessNamespace and HostPID cannot both be enabled");
    }
  }

  private static void dns(Check check) {
    boolean none = check.text("dnsPolicy").equals("None");
    JsonObject config = check.object().object("dnsConfig");
    if (none && config.array("nameservers").isEmpty()) {
      check
          .errors()
          .add(
              FieldError.required(
                  check.at("dnsConfig.nameservers"),
                  "must provide at least one DNS nameserver when `dnsPolicy` is None"));
    }
    check.in(
        "dnsConfig",
        (item, at) -> {
          Check dns = Check.of(item, at, check.errors());
          if (item.array("nameservers").size() > MAX_NAMESERVERS) {
            dns.invalid("nameservers", "must not have more than 3 nameservers");
          }
          dns.eachText("nameservers", Formats::ipAddress);
          if (item.array("searches").size() > MAX_SEARCHES) {
            dns.invalid("searches", "must not have more than 32 search paths");
          }
          dns.each(
              "options",
              (option, where) -> {
                if (option.string("name").orElse("").isEmpty()) {
                  check.errors().add(FieldError.required(where, "must not be empty"));
                }
              });
        });
  }

  /** No two containers may want the same port of the host. */
  private static void hostPorts(Check check) {
    boolean hostNetwork = check.object().bool("hostNetwork").orElse(false);
    var taken = new HashSet<String>();
    check.each(
        "containers",
        (container, at) ->
            Check.of(container, at, check.errors())
                .each(
                    "ports",
                    (port, where) -> {
                      long hostPort = port.integer("hostPort").orElse(0);
                      if (hostPort == 0) {
                        return;
                      }
                      long containerPort = port.integer("containerPort").orElse(0);
                      if (hostNetwork && hostPort != containerPort) {
                        check
                            .errors()
                            .add(
                                FieldError.invalid(
                                    where + ".containerPort",
                                    Json.of(containerPort),
                                    "must match `hostPort` when `hostNetwork` is true"));
                      }
                      String key =
                          "%s/%s/%d"
                              .formatted(
                                  port.string("protocol").orElse(""),
                                  port.string("hostIP").orElse(""),
                                  hostPort);
                      if (!taken.add(key)) {
                        check.errors().add(FieldError.duplicate(where + ".hostPort", Json.of(key)));
                      }
                    }));
  }
}
