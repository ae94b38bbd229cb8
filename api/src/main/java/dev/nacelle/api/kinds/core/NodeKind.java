package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.TreeSet;

/** A host that runs pods. */
final class NodeKind {
  private static final String ROLE_PREFIX = "node-role.kubernetes.io/";

  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.core.v1.Node", "v1", "Node", "nodes", "no")
          .clusterScoped()
          .subresource(
              "proxy",
              new GroupVersionKind("", "v1", "NodeProxyOptions"),
              "create",
              "delete",
              "get",
              "patch",
              "update")
          .status()
          .columns(
              Cells.NAME,
              Cells.text("Status", NodeKind::readiness).describedAs("Whether it takes pods."),
              Cells.text("Roles", NodeKind::roles).describedAs("Its node-role labels."),
              Cells.AGE,
              info("Version", "kubeletVersion", "").describedAs("Version of the node agent."),
              address("Internal-IP", "InternalIP"),
              address("External-IP", "ExternalIP"),
              info("OS-Image", "osImage", Cells.UNKNOWN).wide(),
              info("Kernel-Version", "kernelVersion", Cells.UNKNOWN).wide(),
              info("Container-Runtime", "containerRuntimeVersion", Cells.UNKNOWN).wide())
          .selectable(
              new SelectableField(
                  "spec.unschedulable",
                  node -> Boolean.toString(node.spec().bool("unschedulable").orElse(false))))
          .hooks(new NodeHooks())
          .build();

  private NodeKind() {}

  private static String readiness(KubeObject node) {
    var words = new ArrayList<String>();
    words.add(
        Cells.condition(node.status().array("conditions"), "Ready")
            .map(c -> c.string("status").orElse("").equals("True") ? "Ready" : "NotReady")
            .orElse("Unknown"));
    if (node.spec().bool("unschedulable").orElse(false)) {
      words.add("SchedulingDisabled");
    }
    return String.join(",", words);
  }

  private static String roles(KubeObject node) {
    var roles = new TreeSet<String>();
    node.labels()
        .forEach(
            (key, value) -> {
              if (key.startsWith(ROLE_PREFIX) && key.length() > ROLE_PREFIX.length()) {
                roles.add(key.substring(ROLE_PREFIX.length()));
              } else if (key.equals("kubernetes.io/role") && !value.isEmpty()) {
                roles.add(value);
              }
            });
    return Cells.orNone(String.join(",", roles));
  }

  private static Column info(String name, String field, String absent) {
    return Cells.text(
            name,
            node ->
                node.status()
                    .string("nodeInfo", field)
                    .filter(text -> !text.isEmpty())
                    .orElse(absent))
        .describedAs("The node's status.nodeInfo." + field + ".");
  }

  private static Column address(String name, String type) {
    return Cells.text(
            name,
            node ->
                node.status()
                    .array("addresses")
                    .objects()
                    .filter(a -> a.string("type").orElse("").equals(type))
                    .findFirst()
                    .flatMap((JsonObject a) -> a.string("address"))
                    .orElse(Cells.NONE))
        .describedAs("The first address of type " + type + ".")
        .wide();
  }
}
