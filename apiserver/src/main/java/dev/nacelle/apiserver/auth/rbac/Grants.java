package dev.nacelle.apiserver.auth.rbac;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who holds which roles, and the rules of each role: an index that the informers of roles and
 * bindings keep. Each of the four informers writes its own part; reads do not block once all have
 * listed.
 */
final class Grants {
  static final List<ResourceType> KINDS =
      List.of(
          Resources.ROLES,
          Resources.CLUSTER_ROLES,
          Resources.ROLE_BINDINGS,
          Resources.CLUSTER_ROLE_BINDINGS);

  /**
   * A role that is given to somebody.
   *
   * @param namespace where it holds; empty for everywhere
   * @param role its namespace is empty for a ClusterRole
   */
  record Grant(ResourceType bindingType, ObjectKey binding, String namespace, ObjectKey role) {
    boolean isClusterWide() {
      return namespace.isEmpty();
    }
  }

  private final ClusterView view;
  private final Map<ObjectKey, List<PolicyRule>> rules = new ConcurrentHashMap<>();
  private final Map<String, Set<Grant>> bySubject = new ConcurrentHashMap<>();
  private volatile boolean ready;
  private boolean listening;

  Grants(ClusterView view) {
    this.view = view;
  }

  /** Whether all roles and bindings are known. */
  boolean isReady() {
    return ready;
  }

  /** The rules of a role; empty when there is no such role. */
  Optional<List<PolicyRule>> rules(ObjectKey role) {
    return Optional.ofNullable(rules.get(role));
  }

  /** Whether a role or a binding is entered as it is here. */
  boolean knows(ResourceType type, KubeObject object) {
    if (type.equals(Resources.ROLES) || type.equals(Resources.CLUSTER_ROLES)) {
      return PolicyRule.of(object).equals(rules.get(object.key()));
    }
    Grant grant = grant(type, object);
    return subjects(object).stream()
        .allMatch(subject -> bySubject.getOrDefault(subject, Set.of()).contains(grant));
  }

  /** What somebody is given, anywhere. */
  List<Grant> of(Identity identity) {
    awaitReady();
    var result = new ArrayList<Grant>(bySubject.getOrDefault(user(identity.user()), Set.of()));
    for (String group : identity.groups()) {
      result.addAll(bySubject.getOrDefault(group(group), Set.of()));
    }
    return result;
  }

  private void awaitReady() {
    if (ready) {
      return;
    }
    listen();
    KINDS.forEach(view::synced);
    ready = true;
  }

  /** Begins to follow roles and bindings; what is known already is entered at once. */
  synchronized void listen() {
    if (listening) {
      return;
    }
    for (ResourceType type : List.of(Resources.ROLES, Resources.CLUSTER_ROLES)) {
      view.informer(type).listen(this::roleChanged);
    }
    for (ResourceType type : List.of(Resources.ROLE_BINDINGS, Resources.CLUSTER_ROLE_BINDINGS)) {
      Informer informer = view.informer(type);
      informer.listen((before, after) -> bindingChanged(type, before, after));
    }
    listening = true;
  }

  private void roleChanged(Optional<KubeObject> before, Optional<KubeObject> after) {
    after.ifPresentOrElse(
        role -> rules.put(role.key(), PolicyRule.of(role)),
        () -> before.ifPresent(role -> rules.remove(role.key())));
  }

  private void bindingChanged(
      ResourceType type, Optional<KubeObject> before, Optional<KubeObject> after) {
    // what stays is entered anew before the old is taken away: no moment without it
    Set<String> now = new HashSet<>();
    Optional<Grant> next = after.map(b -> grant(type, b));
    after.ifPresent(binding -> now.addAll(subjects(binding)));
    for (String subject : now) {
      bySubject
          .computeIfAbsent(subject, s -> ConcurrentHashMap.newKeySet())
          .add(next.orElseThrow());
    }
    if (before.isEmpty()) {
      return;
    }
    Grant old = grant(type, before.get());
    for (String subject : subjects(before.get())) {
      if (now.contains(subject) && next.filter(old::equals).isPresent()) {
        continue;
      }
      Set<Grant> held = bySubject.get(subject);
      if (held != null) {
        held.remove(old);
      }
    }
  }

  private static Grant grant(ResourceType type, KubeObject binding) {
    return new Grant(type, binding.key(), binding.namespace(), roleOf(binding));
  }

  /** The role that a binding gives. */
  static ObjectKey roleOf(KubeObject binding) {
    JsonObject role = binding.json().object("roleRef");
    String name = role.string("name").orElse("");
    return role.string("kind").orElse("").equals("Role")
        ? new ObjectKey(binding.namespace(), name)
        : ObjectKey.cluster(name);
  }

  private static List<String> subjects(KubeObject binding) {
    var result = new ArrayList<String>();
    binding
        .json()
        .array("subjects")
        .objects()
        .forEach(
            subject -> {
              String name = subject.string("name").orElse("");
              switch (subject.string("kind").orElse("")) {
                case "User" -> result.add(user(name));
                case "Group" -> result.add(group(name));
                case "ServiceAccount" ->
                    result.add(
                        user(
                            "system:serviceaccount:"
                                + subject.string("namespace").orElse(binding.namespace())
                                + ":"
                                + name));
                default -> {
                  // validation lets nothing else in
                }
              }
            });
    return result;
  }

  private static String user(String name) {
    return "user " + name;
  }

  private static String group(String name) {
    return "group " + name;
  }
}
