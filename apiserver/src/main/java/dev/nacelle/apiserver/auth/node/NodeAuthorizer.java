package dev.nacelle.apiserver.auth.node;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.apiserver.auth.rbac.PolicyRule;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Allows nodes what they need: reads of what their pods refer to, tokens for their pods, their own
 * lease, and what every node does. Without opinion on others than nodes.
 */
public final class NodeAuthorizer implements Authorizer {
  private static final String INDEX = "readable by node";
  private static final Set<String> LEASE_VERBS =
      Set.of("get", "create", "update", "patch", "delete");
  private static final Set<String> READ_VERBS = Set.of("get", "list", "watch");

  private final ClusterView view;
  private final List<PolicyRule> rules;

  /**
   * @param rules what every node may do to objects that are not subdivided: those of the role
   *     {@code system:node}
   */
  public NodeAuthorizer(ClusterView view, List<PolicyRule> rules) {
    this.view = view;
    this.rules = List.copyOf(rules);
  }

  /** Begins to follow pods; called once, when the view is open. */
  public void start() {
    view.informer(Resources.PODS).index(INDEX, PodReferences::words);
  }

  @Override
  public Decision authorize(Attributes attributes) {
    if (!NodeUsers.isNode(attributes.identity())) {
      return Decision.NO_OPINION;
    }
    Optional<String> node = NodeUsers.nodeName(attributes.identity());
    if (node.isEmpty()) {
      return no("unknown node for user \"" + attributes.identity().user() + '"');
    }
    return attributes.target() instanceof Attributes.Resource resource
        ? resource(attributes, resource, node.get())
        : byRules(attributes);
  }

  private Decision resource(Attributes attributes, Attributes.Resource resource, String node) {
    return switch (resource.group() + "/" + resource.resource()) {
      case "/secrets", "/configmaps" -> read(attributes.verb(), resource, node);
      case "/persistentvolumeclaims" ->
          resource.subresource().equals("status") || !attributes.verb().equals("get")
              ? byRules(attributes)
              : related(resource, node);
      case "/serviceaccounts" -> token(attributes.verb(), resource, node);
      case "coordination.k8s.io/leases" -> lease(attributes.verb(), resource, node);
      default -> byRules(attributes);
    };
  }

  private Decision byRules(Attributes attributes) {
    return rules.stream().anyMatch(rule -> rule.allows(attributes))
        ? new Decision.Allow("")
        : Decision.NO_OPINION;
  }

  private Decision read(String verb, Attributes.Resource resource, String node) {
    if (!READ_VERBS.contains(verb)) {
      return no("can only read resources of this type");
    }
    if (!resource.subresource().isEmpty()) {
      return no("cannot read subresource");
    }
    if (resource.name().isEmpty()) {
      return no("No Object name found");
    }
    return related(resource, node);
  }

  private Decision token(String verb, Attributes.Resource resource, String node) {
    if (!verb.equals("create") || resource.name().isEmpty()) {
      return no("can only create tokens for individual service accounts");
    }
    if (!resource.subresource().equals("token")) {
      return no("can only create token subresource of serviceaccount");
    }
    return related(resource, node);
  }

  private static Decision lease(String verb, Attributes.Resource resource, String node) {
    if (!LEASE_VERBS.contains(verb)) {
      return no("can only get, create, update, patch, or delete a node lease");
    }
    if (!resource.subresource().isEmpty()) {
      return no("cannot access lease subresource");
    }
    if (!resource.namespace().equals("kube-node-lease")) {
      return no("can only access leases in the \"kube-node-lease\" system namespace");
    }
    if (!verb.equals("create") && !resource.name().equals(node)) {
      return no("can only access node lease with the same name as the requesting node");
    }
    return new Decision.Allow("");
  }

  private Decision related(Attributes.Resource resource, String node) {
    String word =
        PodReferences.word(node, resource.resource(), resource.namespace(), resource.name());
    try {
      if (isKnown(word) || isFound(word, resource.namespace(), node)) {
        return new Decision.Allow("");
      }
    } catch (ApiException e) {
      return no(e.status().message());
    }
    return no("no relationship found between node '" + node + "' and this object");
  }

  private boolean isKnown(String word) {
    Informer pods = view.synced(Resources.PODS);
    return !pods.by(INDEX, word).isEmpty();
  }

  /** A node may hear of a pod before the informer does. */
  private boolean isFound(String word, String namespace, String node) {
    ListOptions ofNode =
        ListOptions.inNamespace(namespace).withFieldSelector("spec.nodeName=" + node);
    return view.client().list(Resources.PODS, ofNode).items().stream()
        .anyMatch(pod -> PodReferences.words(pod).contains(word));
  }

  private static Decision no(String reason) {
    return new Decision.NoOpinion(reason);
  }

  @Override
  public Rules rulesFor(Identity identity, String namespace) {
    return new Rules(
        List.of(),
        List.of(),
        NodeUsers.isNode(identity) ? "node authorizer does not support user rule resolution" : "");
  }
}
