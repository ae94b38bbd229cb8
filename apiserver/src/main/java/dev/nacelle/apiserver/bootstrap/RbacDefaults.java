package dev.nacelle.apiserver.bootstrap;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.auth.rbac.PolicyRule;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.task.TaskFailedException;
import dev.nacelle.base.task.TaskScope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;

/**
 * Makes the roles and bindings that every cluster has, and gives back to them what they lack. What
 * people added to them stays; those whose annotation {@code
 * rbac.authorization.kubernetes.io/autoupdate} is {@code false} stay as they are.
 */
public final class RbacDefaults {
  /** The group of a host's bootstrap token, besides that of all such tokens. */
  public static final String JOINING_HOSTS = "system:bootstrappers:nacelle:hosts";

  /** As whom the cluster's first host lays things beside the images of its registry. */
  public static final String IMAGE_WRITER = "nacelle:images";

  static final String GROUP = "rbac.authorization.k8s.io";
  static final Map<String, String> LABELS = Map.of("kubernetes.io/bootstrapping", "rbac-defaults");
  static final String SELECTOR = "kubernetes.io/bootstrapping=rbac-defaults";
  private static final String AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate";
  private static final WriteOptions WRITER = WriteOptions.by("kube-apiserver");
  private static final int WRITES_AT_ONCE = 16;

  private RbacDefaults() {}

  /** What every node may do: the rules of {@code system:node}. */
  public static List<PolicyRule> nodeRules() {
    return ComponentRoles.NODE;
  }

  /**
   * Looks at each resource with one list and writes what is missing; roles before bindings. Blocks
   * until all is written.
   *
   * @param client may do everything
   * @throws ApiException if something could not be written
   */
  public static void reconcile(ApiClient client) throws InterruptedException {
    reconcile(
        client,
        Resources.CLUSTER_ROLES,
        objects(UserRoles.ROLES, ComponentRoles.ROLES, ControllerRoles.ROLES));
    reconcile(client, Resources.ROLES, objects(NamespaceRoles.ROLES));
    reconcile(
        client,
        Resources.CLUSTER_ROLE_BINDINGS,
        bindings(UserRoles.BINDINGS, ComponentRoles.BINDINGS, ControllerRoles.BINDINGS));
    reconcile(client, Resources.ROLE_BINDINGS, bindings(NamespaceRoles.BINDINGS));
  }

  @SafeVarargs
  private static List<KubeObject> objects(List<DefaultRole>... roles) {
    return Stream.of(roles).flatMap(List::stream).map(DefaultRole::toObject).toList();
  }

  @SafeVarargs
  private static List<KubeObject> bindings(List<DefaultBinding>... bindings) {
    return Stream.of(bindings).flatMap(List::stream).map(DefaultBinding::toObject).toList();
  }

  private static void reconcile(ApiClient client, ResourceType type, List<KubeObject> wanted)
      throws InterruptedException {
    Map<ObjectKey, KubeObject> present = new HashMap<>();
    ListOptions ours =
        type.equals(Resources.ROLES) || type.equals(Resources.ROLE_BINDINGS)
            ? ListOptions.ALL.withLabelSelector(SELECTOR)
            : ListOptions.ALL;
    client.list(type, ours).items().forEach(o -> present.put(o.key(), o));
    var permits = new Semaphore(WRITES_AT_ONCE);
    try (var scope = TaskScope.open("rbac defaults")) {
      for (KubeObject object : wanted) {
        Optional<KubeObject> known = Optional.ofNullable(present.get(object.key()));
        if (known.isPresent() && extended(known.get(), object).equals(known.get())) {
          continue;
        }
        permits.acquire();
        scope.fork(
            () -> {
              try {
                write(client, type, object);
                return true;
              } finally {
                permits.release();
              }
            });
      }
      scope.join();
    } catch (TaskFailedException e) {
      throw e.getCause() instanceof ApiException refused
          ? refused
          : new IllegalStateException("cannot write the default roles", e);
    }
  }

  private static void write(ApiClient client, ResourceType type, KubeObject wanted) {
    Optional<KubeObject> known = client.find(type, wanted.key());
    try {
      if (known.isEmpty()) {
        client.create(type, wanted, WRITER);
        return;
      }
      KubeObject next = extended(known.get(), wanted);
      if (!next.equals(known.get())) {
        client.update(type, next, WRITER);
      }
    } catch (ApiException e) {
      // another server of the cluster does the same at the same time
      if (!e.isAlreadyExists() && !e.isConflict()) {
        throw e;
      }
    }
  }

  /** The object with what it lacks of the wanted one. */
  static KubeObject extended(KubeObject known, KubeObject wanted) {
    if (known.annotation(AUTO_UPDATE).orElse("").equals("false")) {
      return known;
    }
    KubeObject result = known;
    for (var label : wanted.labels().entrySet()) {
      if (known.label(label.getKey()).isEmpty()) {
        result = result.withLabel(label.getKey(), label.getValue());
      }
    }
    if (known.annotation(AUTO_UPDATE).isEmpty()) {
      result = result.withAnnotation(AUTO_UPDATE, "true");
    }
    if (wanted.json().has("roleRef")) {
      return withAll(result, "subjects", wanted);
    }
    // the rules of an aggregating role are the sum of its parts, whatever they are now
    return wanted.json().has("aggregationRule")
        ? withSelectors(result, wanted)
        : withRules(result, wanted);
  }

  private static KubeObject withSelectors(KubeObject known, KubeObject wanted) {
    String[] path = {"aggregationRule", "clusterRoleSelectors"};
    var all = new LinkedHashSet<Json>(known.json().array(path).items());
    return all.addAll(wanted.json().array(path).items())
        ? new KubeObject(known.json().withAt(new JsonArray(List.copyOf(all)), path))
        : known;
  }

  private static KubeObject withRules(KubeObject known, KubeObject wanted) {
    List<PolicyRule> lacking = PolicyRule.lackedBy(PolicyRule.of(known), PolicyRule.of(wanted));
    if (lacking.isEmpty()) {
      return known;
    }
    var all = new ArrayList<Json>(known.json().array("rules").items());
    lacking.forEach(rule -> all.add(rule.toJson()));
    return new KubeObject(known.json().with("rules", new JsonArray(all)));
  }

  private static KubeObject withAll(KubeObject known, String list, KubeObject wanted) {
    var all = new LinkedHashSet<Json>(known.json().array(list).items());
    return all.addAll(wanted.json().array(list).items())
        ? new KubeObject(known.json().with(list, new JsonArray(List.copyOf(all))))
        : known;
  }

  static KubeObject marked(KubeObject object, Map<String, String> labels) {
    JsonObject metadata =
        object.metadata().toBuilder()
            .putStrings("labels", labels)
            .putStrings("annotations", Map.of(AUTO_UPDATE, "true"))
            .build();
    return new KubeObject(object.json().with("metadata", metadata));
  }
}
