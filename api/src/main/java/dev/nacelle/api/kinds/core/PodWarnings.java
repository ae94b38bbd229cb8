package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/** What is allowed in a pod but most likely not meant. Texts are upstream's. Pure. */
final class PodWarnings {
  private static final Map<String, String> NODE_LABELS =
      Map.of(
          "beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
          "beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead",
          "failure-domain.beta.kubernetes.io/region",
              "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
          "failure-domain.beta.kubernetes.io/zone",
              "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
          "beta.kubernetes.io/instance-type",
              "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead");

  private PodWarnings() {}

  /**
   * @param path where the template is; empty for a pod
   */
  static List<String> of(Map<String, String> annotations, JsonObject spec, String path) {
    var warnings = new ArrayList<String>();
    String prefix = path.isEmpty() ? "" : path + ".";
    Check check = Check.of(spec, prefix + "spec", new ArrayList<>());
    spec.strings("nodeSelector")
        .keySet()
        .forEach(
            key -> {
              String text = NODE_LABELS.get(key);
              if (text != null) {
                warnings.add(check.at("nodeSelector") + "[" + key + "]: " + text);
              }
            });
    annotations.keySet().stream()
        .filter(key -> key.startsWith("container.apparmor.security.beta.kubernetes.io/"))
        .forEach(
            key ->
                warnings.add(
                    prefix
                        + "metadata.annotations["
                        + key
                        + "]: deprecated since v1.30; use the \"appArmorProfile\" field instead"));
    check.each("containers", (item, at) -> container(item, at, warnings));
    check.each("initContainers", (item, at) -> container(item, at, warnings));
    sharedPorts(check, warnings);
    if (spec.integer("terminationGracePeriodSeconds").orElse(0) < 0) {
      warnings.add(
          check.at("terminationGracePeriodSeconds")
              + ": must be >= 0; negative values are invalid and will be treated as 1");
    }
    return warnings;
  }

  private static void container(JsonObject container, String path, List<String> warnings) {
    var names = new HashSet<String>();
    Check check = Check.of(container, path, new ArrayList<>());
    check.each(
        "env",
        (variable, at) -> {
          String name = variable.string("name").orElse("");
          String value = variable.string("value").orElse("");
          if (!names.add(name) && !value.contains("$(" + name + ")")) {
            warnings.add(
                at
                    + ": hides previous definition of \""
                    + name
                    + "\", which may be dropped when using apply");
          }
        });
    for (String list : List.of("limits", "requests")) {
      String memory = container.string("resources", list, "memory").orElse("");
      if (memory.endsWith("m")) {
        warnings.add(
            "%s.resources.%s[memory]: fractional byte value \"%s\" is invalid, must be an integer"
                .formatted(path, list, memory));
      }
    }
  }

  private static void sharedPorts(Check spec, List<String> warnings) {
    var seen = new HashMap<String, String>();
    spec.each(
        "containers",
        (container, at) ->
            Check.of(container, at, new ArrayList<>())
                .each(
                    "ports",
                    (port, where) -> {
                      String key =
                          port.integer("containerPort").orElse(0)
                              + "/"
                              + port.string("protocol").orElse("")
                              + "/"
                              + port.integer("hostPort").orElse(0)
                              + "/"
                              + port.string("hostIP").orElse("");
                      String before = seen.putIfAbsent(key, where);
                      if (before != null && before.startsWith(at)) {
                        warnings.add(where + ": duplicate port definition with " + before);
                      }
                    }));
  }
}
