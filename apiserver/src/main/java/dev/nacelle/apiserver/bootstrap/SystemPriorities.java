package dev.nacelle.apiserver.bootstrap;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;

/** The two PriorityClasses that every cluster has. */
public final class SystemPriorities {
  private static final long HIGHEST_OF_USERS = 1_000_000_000;

  private SystemPriorities() {}

  /** Makes those that are missing. */
  public static void ensure(ApiClient client) {
    ensure(
        client,
        "system-node-critical",
        2 * HIGHEST_OF_USERS + 1_000,
        "Used for system critical pods that must not be moved from their current node.");
    ensure(
        client,
        "system-cluster-critical",
        2 * HIGHEST_OF_USERS,
        "Used for system critical pods that must run in the cluster, but can be moved to another"
            + " node if necessary.");
  }

  private static void ensure(ApiClient client, String name, long value, String description) {
    ObjectKey key = ObjectKey.cluster(name);
    if (client.find(Resources.PRIORITY_CLASSES, key).isPresent()) {
      return;
    }
    var type = new GroupVersionKind("scheduling.k8s.io", "v1", "PriorityClass");
    var made =
        new KubeObject(
            KubeObject.of(type, key).json().toBuilder()
                .put("value", Json.of(value))
                .put("description", description)
                .put("preemptionPolicy", "PreemptLowerPriority")
                .build());
    try {
      client.create(Resources.PRIORITY_CLASSES, made, WriteOptions.by("kube-apiserver"));
    } catch (ApiException e) {
      if (!e.isAlreadyExists()) {
        throw e;
      }
    }
  }
}
