package dev.nacelle.app;

import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.List;

/** What a host may do while it joins, and everybody to find out whom they would join. */
final class JoinRules {
  /** The group of a host's bootstrap token. */
  static final String HOSTS = "system:bootstrappers:nacelle:hosts";

  private static final String RBAC = "rbac.authorization.k8s.io";

  private final OwnObjects objects;

  private JoinRules(OwnObjects objects) {
    this.objects = objects;
  }

  static void apply(OwnObjects objects) {
    new JoinRules(objects).apply();
  }

  private void apply() {
    JsonObject anonymous = subject("User", "system:anonymous");
    JsonObject joining = subject("Group", HOSTS);
    JsonObject joined = subject("Group", "system:nodes");
    allow(
        new ObjectKey("kube-public", "nacelle:cluster-info"),
        List.of(anonymous, joining, joined),
        named("configmaps", "cluster-info"));
    allow(
        new ObjectKey("kube-system", "nacelle:cluster"),
        List.of(joining, joined),
        named("configmaps", "nacelle-cluster"));
    allow(
        ObjectKey.cluster("nacelle:join"),
        List.of(joining),
        rule("", "nodes", "get"),
        rule("certificates.k8s.io", "certificatesigningrequests", "create", "get", "list", "watch"),
        rule("certificates.k8s.io", "certificatesigningrequests/nodeclient", "create"));
    allow(
        ObjectKey.cluster("nacelle:host"),
        List.of(joined),
        rule("certificates.k8s.io", "certificatesigningrequests", "create", "get", "list", "watch"),
        rule("certificates.k8s.io", "certificatesigningrequests/selfnodeclient", "create"),
        rule("certificates.k8s.io", "certificatesigningrequests/selfnodeserver", "create"));
  }

  /** A role and its binding of the same name; of the whole cluster without a namespace. */
  private void allow(ObjectKey key, List<JsonObject> subjects, JsonObject... rules) {
    boolean everywhere = key.namespace().isEmpty();
    String role = everywhere ? "ClusterRole" : "Role";
    put(
        everywhere ? Resources.CLUSTER_ROLES : Resources.ROLES,
        key,
        JsonObject.builder().put("kind", role).put("rules", JsonArray.of(rules)));
    put(
        everywhere ? Resources.CLUSTER_ROLE_BINDINGS : Resources.ROLE_BINDINGS,
        key,
        JsonObject.builder()
            .put("kind", role + "Binding")
            .put(
                "roleRef",
                JsonObject.builder()
                    .put("apiGroup", RBAC)
                    .put("kind", role)
                    .put("name", key.name())
                    .build())
            .put("subjects", JsonArray.of(subjects.toArray(new Json[0]))));
  }

  private void put(ResourceType type, ObjectKey key, JsonObject.Builder object) {
    var metadata = JsonObject.builder().put("name", key.name());
    if (!key.namespace().isEmpty()) {
      metadata.put("namespace", key.namespace());
    }
    JsonObject whole =
        object.put("apiVersion", RBAC + "/v1").put("metadata", metadata.build()).build();
    objects.put(type, whole);
  }

  private static JsonObject rule(String group, String resource, String... verbs) {
    return JsonObject.builder()
        .put("apiGroups", JsonArray.ofStrings(List.of(group)))
        .put("resources", JsonArray.ofStrings(List.of(resource)))
        .put("verbs", JsonArray.ofStrings(List.of(verbs)))
        .build();
  }

  private static JsonObject named(String resource, String name) {
    return rule("", resource, "get").with("resourceNames", JsonArray.ofStrings(List.of(name)));
  }

  private static JsonObject subject(String kind, String name) {
    return JsonObject.builder().put("apiGroup", RBAC).put("kind", kind).put("name", name).build();
  }
}
