package dev.nacelle.apiserver.auth.rbac;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.auth.ClusterView;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Allows what the roles allow that somebody is bound to. Without opinion on all else. Members of
 * {@code system:masters} need no role.
 */
public final class RbacAuthorizer implements Authorizer {
  private static final Decision MASTER = new Decision.Allow("");

  private final Grants grants;
  private final ClusterView view;

  public RbacAuthorizer(ClusterView view) {
    this.view = view;
    this.grants = new Grants(view);
  }

  /** Begins to read roles and bindings; called once the view is open. */
  public void start() {
    grants.listen();
  }

  /** Whether roles and bindings are known. */
  public boolean isReady() {
    if (grants.isReady()) {
      return true;
    }
    return view.isOpen()
        && view.informer(Resources.ROLES).isSynced()
        && view.informer(Resources.CLUSTER_ROLES).isSynced()
        && view.informer(Resources.ROLE_BINDINGS).isSynced()
        && view.informer(Resources.CLUSTER_ROLE_BINDINGS).isSynced();
  }

  /** Whether this judges by the roles and bindings that the API shows, among those selected. */
  public boolean hasSeen(String labelSelector) {
    ListOptions selected = ListOptions.ALL.withLabelSelector(labelSelector);
    return isReady()
        && Grants.KINDS.stream()
            .allMatch(
                type ->
                    view.client().list(type, selected).items().stream()
                        .allMatch(object -> grants.knows(type, object)));
  }

  @Override
  public Decision authorize(Attributes attributes) {
    Identity identity = attributes.identity();
    if (identity.isIn(Identity.MASTERS)) {
      return MASTER;
    }
    String namespace = attributes.target() instanceof Attributes.Resource r ? r.namespace() : "";
    var unknown = new LinkedHashSet<String>();
    try {
      for (Grants.Grant grant : grants.of(identity)) {
        if (!grant.isClusterWide() && !grant.namespace().equals(namespace)) {
          continue;
        }
        Optional<List<PolicyRule>> rules = grants.rules(grant.role());
        if (rules.isEmpty()) {
          unknown.add(missing(grant.role()));
          continue;
        }
        for (PolicyRule rule : rules.get()) {
          if (rule.allows(attributes)) {
            return new Decision.Allow(reason(grant, identity));
          }
        }
      }
    } catch (ApiException e) {
      return new Decision.NoOpinion("RBAC: " + e.getMessage());
    }
    return unknown.isEmpty()
        ? Decision.NO_OPINION
        : new Decision.NoOpinion("RBAC: " + list(unknown));
  }

  private static String missing(ObjectKey role) {
    String kind = role.namespace().isEmpty() ? "clusterrole" : "role";
    return kind + ".rbac.authorization.k8s.io \"" + role.name() + "\" not found";
  }

  private static String list(Set<String> errors) {
    return errors.size() == 1 ? errors.iterator().next() : errors.toString();
  }

  private static String reason(Grants.Grant grant, Identity identity) {
    String binding =
        grant.isClusterWide()
            ? "ClusterRoleBinding \"" + grant.binding().name() + '"'
            : "RoleBinding \"" + grant.binding().name() + "/" + grant.namespace() + '"';
    String kind = grant.role().namespace().isEmpty() ? "ClusterRole" : "Role";
    return "RBAC: allowed by "
        + binding
        + " of "
        + kind
        + " \""
        + grant.role().name()
        + "\" to User \""
        + identity.user()
        + '"';
  }

  /** All rules that somebody holds in a namespace; cluster-wide ones only where it is empty. */
  public List<PolicyRule> heldBy(Identity identity, String namespace) {
    if (identity.isIn(Identity.MASTERS)) {
      List<String> all = List.of("*");
      return List.of(
          new PolicyRule(all, all, all, List.of(), List.of()),
          new PolicyRule(all, List.of(), List.of(), List.of(), all));
    }
    var result = new ArrayList<PolicyRule>();
    for (Grants.Grant grant : grants.of(identity)) {
      if (grant.isClusterWide() || grant.namespace().equals(namespace)) {
        result.addAll(grants.rules(grant.role()).orElse(List.of()));
      }
    }
    return result;
  }

  /** The rules of a role, if there is one. */
  Optional<List<PolicyRule>> rulesOf(ObjectKey role) {
    return grants
        .rules(role)
        .or(
            () ->
                view.client()
                    .find(
                        role.namespace().isEmpty() ? Resources.CLUSTER_ROLES : Resources.ROLES,
                        role)
                    .map(PolicyRule::of));
  }

  @Override
  public Rules rulesFor(Identity identity, String namespace) {
    var resources = new ArrayList<ResourceRule>();
    var paths = new ArrayList<PathRule>();
    for (PolicyRule rule : heldBy(identity, namespace)) {
      if (!rule.resources().isEmpty()) {
        resources.add(
            new ResourceRule(rule.verbs(), rule.groups(), rule.resources(), rule.names()));
      }
      if (!rule.paths().isEmpty()) {
        paths.add(new PathRule(rule.verbs(), rule.paths()));
      }
    }
    return new Rules(resources, paths, "");
  }
}
