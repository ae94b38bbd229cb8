package dev.nacelle.apiserver.bootstrap;

import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/**
 * A binding that every cluster has.
 *
 * @param key the namespace is empty for a ClusterRoleBinding
 * @param role a ClusterRole for a ClusterRoleBinding, a Role of the namespace else
 * @param subjects {@code group NAME}, {@code user NAME} or {@code account NAME} of kube-system
 */
record DefaultBinding(ObjectKey key, String role, List<String> subjects) {

  /** A binding of another role than its name says. */
  static DefaultBinding toRole(String name, String role, String... subjects) {
    return new DefaultBinding(ObjectKey.cluster(name), role, List.of(subjects));
  }

  /** A binding of the role with the same name. */
  static DefaultBinding cluster(String name, String... subjects) {
    return new DefaultBinding(ObjectKey.cluster(name), name, List.of(subjects));
  }

  static DefaultBinding in(String namespace, String name, String role, String... subjects) {
    return new DefaultBinding(new ObjectKey(namespace, name), role, List.of(subjects));
  }

  KubeObject toObject() {
    boolean isCluster = key.namespace().isEmpty();
    var type =
        new GroupVersionKind(
            RbacDefaults.GROUP, "v1", isCluster ? "ClusterRoleBinding" : "RoleBinding");
    var all = new ArrayList<Json>();
    subjects.forEach(subject -> all.add(subject(subject)));
    JsonObject roleRef =
        JsonObject.builder()
            .put("apiGroup", RbacDefaults.GROUP)
            .put("kind", isCluster ? "ClusterRole" : "Role")
            .put("name", role)
            .build();
    return new KubeObject(
        RbacDefaults.marked(KubeObject.of(type, key), RbacDefaults.LABELS).json().toBuilder()
            .put("roleRef", roleRef)
            .put("subjects", new JsonArray(all))
            .build());
  }

  private static JsonObject subject(String words) {
    int blank = words.indexOf(' ');
    String name = words.substring(blank + 1);
    return switch (words.substring(0, blank)) {
      case "group" -> named("Group", name).with("apiGroup", Json.of(RbacDefaults.GROUP));
      case "user" -> named("User", name).with("apiGroup", Json.of(RbacDefaults.GROUP));
      case "account" -> named("ServiceAccount", name).with("namespace", Json.of("kube-system"));
      default -> throw new IllegalArgumentException("no subject: " + words);
    };
  }

  private static JsonObject named(String kind, String name) {
    return JsonObject.builder().put("kind", kind).put("name", name).build();
  }
}
