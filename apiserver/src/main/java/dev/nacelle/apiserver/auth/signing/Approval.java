package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.pki.SigningRequest;
import java.net.InetAddress;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which requests are approved without a person: client certificates of nodes for those who may ask
 * for them, and serving certificates that a node asks for its own name and addresses.
 */
final class Approval {
  private final ApiClient client;
  private final Authorizer authorizer;

  Approval(ApiClient client, Authorizer authorizer) {
    this.client = client;
    this.authorizer = authorizer;
  }

  /** What comes of looking at a request. */
  sealed interface Verdict {
    /** Approved, with the message that says why. */
    record Approved(String message) implements Verdict {}

    /** A person has to decide. */
    record Undecided() implements Verdict {}
  }

  private static final Verdict UNDECIDED = new Verdict.Undecided();

  Verdict judge(KubeObject object, Signer signer, SigningRequest request) {
    Identity requester = requester(object);
    return switch (signer) {
      case API_CLIENT -> UNDECIDED;
      case NODE_CLIENT -> client(requester, request);
      case NODE_SERVING -> serving(requester, request);
    };
  }

  private Verdict client(Identity requester, SigningRequest request) {
    boolean isSelf = requester.user().equals(request.subject().commonName());
    if (isSelf && may(requester, "selfnodeclient")) {
      return new Verdict.Approved(
          "Auto approving self kubelet client certificate after SubjectAccessReview.");
    }
    if (may(requester, "nodeclient")) {
      return new Verdict.Approved(
          "Auto approving kubelet client certificate after SubjectAccessReview.");
    }
    return UNDECIDED;
  }

  private boolean may(Identity requester, String subresource) {
    var target =
        new Attributes.Resource(
            "certificates.k8s.io", "v1", "certificatesigningrequests", subresource, "", "");
    return authorizer.authorize(new Attributes(requester, "create", target))
        instanceof Decision.Allow;
  }

  private Verdict serving(Identity requester, SigningRequest request) {
    if (!requester.user().equals(request.subject().commonName())
        || !requester.isIn("system:nodes")) {
      return UNDECIDED;
    }
    String name = Signer.nodeName(request);
    boolean isItself = request.alternatives().dnsNames().stream().allMatch(name::equals);
    Set<String> asked =
        request.alternatives().addresses().stream()
            .map(InetAddress::getHostAddress)
            .collect(Collectors.toSet());
    Optional<KubeObject> node = client.find(Resources.NODES, ObjectKey.cluster(name));
    Set<String> own = node.map(Approval::addresses).orElse(Set.of());
    // a node asks before it first reports: then nobody else may have the address
    boolean mayHave = own.isEmpty() ? Collections.disjoint(asked, taken()) : own.containsAll(asked);
    return isItself && mayHave
        ? new Verdict.Approved("Auto approving serving certificate for the node's own addresses.")
        : UNDECIDED;
  }

  private static Set<String> addresses(KubeObject node) {
    return node.status()
        .array("addresses")
        .objects()
        .flatMap(a -> a.string("address").stream())
        .collect(Collectors.toSet());
  }

  /** The addresses of all nodes, and those under which the API server is reached. */
  private Set<String> taken() {
    Set<String> taken = new HashSet<>(Set.of("127.0.0.1", "0.0.0.0", "0:0:0:0:0:0:0:1"));
    client
        .list(Resources.NODES, ListOptions.ALL)
        .items()
        .forEach(node -> taken.addAll(addresses(node)));
    var kubernetes = new ObjectKey("default", "kubernetes");
    client
        .find(Resources.SERVICES, kubernetes)
        .ifPresent(s -> s.spec().array("clusterIPs").strings().forEach(taken::add));
    client
        .find(Resources.ENDPOINTS, kubernetes)
        .ifPresent(
            e ->
                e.json()
                    .array("subsets")
                    .objects()
                    .flatMap(subset -> subset.array("addresses").objects())
                    .flatMap(a -> a.string("ip").stream())
                    .forEach(taken::add));
    return taken;
  }

  private static Identity requester(KubeObject object) {
    JsonObject spec = object.spec();
    Map<String, List<String>> extra = new HashMap<>();
    spec.object("extra")
        .members()
        .keySet()
        .forEach(key -> extra.put(key, spec.array("extra", key).strings().toList()));
    return new Identity(
        spec.string("username").orElse(""),
        spec.string("uid").orElse(""),
        spec.array("groups").strings().toList(),
        extra);
  }
}
