package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.pki.SigningRequest;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

    /** The node has not said its addresses yet. */
    record NotYet() implements Verdict {}
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
    Optional<KubeObject> node = client.find(Resources.NODES, ObjectKey.cluster(name));
    if (node.isEmpty() || node.get().status().array("addresses").isEmpty()) {
      return new Verdict.NotYet();
    }
    Set<String> own = new HashSet<>(Set.of(name));
    node.get()
        .status()
        .array("addresses")
        .objects()
        .flatMap(a -> a.string("address").stream())
        .forEach(own::add);
    boolean isOwn =
        own.containsAll(request.alternatives().dnsNames())
            && request.alternatives().addresses().stream()
                .map(InetAddress::getHostAddress)
                .allMatch(own::contains);
    return isOwn
        ? new Verdict.Approved("Auto approving serving certificate for the node's own addresses.")
        : UNDECIDED;
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
