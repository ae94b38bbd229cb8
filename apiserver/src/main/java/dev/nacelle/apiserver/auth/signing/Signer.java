package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.base.pki.CertificateProfile;
import dev.nacelle.base.pki.KeyUse;
import dev.nacelle.base.pki.SigningRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The signers that the cluster's authority stands behind, and what each of them signs. */
enum Signer {
  API_CLIENT("kubernetes.io/kube-apiserver-client", KeyUse.CLIENT_AUTH),
  NODE_CLIENT("kubernetes.io/kube-apiserver-client-kubelet", KeyUse.CLIENT_AUTH),
  NODE_SERVING("kubernetes.io/kubelet-serving", KeyUse.SERVER_AUTH);

  private static final Duration LONGEST_LIFE = Duration.ofDays(365);
  private static final String NODE_PREFIX = "system:node:";
  private static final Set<String> KEY_USAGES = Set.of("digital signature", "key encipherment");

  private final String signerName;
  private final KeyUse use;

  Signer(String signerName, KeyUse use) {
    this.signerName = signerName;
    this.use = use;
  }

  static Optional<Signer> named(String name) {
    return Arrays.stream(values()).filter(s -> s.signerName.equals(name)).findFirst();
  }

  /** Why the signer does not sign this; empty if it does. */
  Optional<String> objection(SigningRequest request, List<String> usages) {
    String wanted = use == KeyUse.CLIENT_AUTH ? "client auth" : "server auth";
    boolean fits =
        usages.contains(wanted)
            && usages.stream().allMatch(u -> u.equals(wanted) || KEY_USAGES.contains(u));
    if (!fits) {
      return Optional.of("usages did not match " + usages);
    }
    if (request.otherNames() > 0) {
      return Optional.of("only DNS names and addresses are signed as alternative names");
    }
    return switch (this) {
      case API_CLIENT -> Optional.empty();
      case NODE_CLIENT ->
          nodeObjection(request)
              .or(
                  () ->
                      request.alternatives().isEmpty()
                          ? Optional.empty()
                          : Optional.of("no alternative names are allowed"));
      case NODE_SERVING ->
          nodeObjection(request)
              .or(
                  () ->
                      request.alternatives().isEmpty()
                          ? Optional.of("at least one DNS name or address is required")
                          : Optional.empty());
    };
  }

  private static Optional<String> nodeObjection(SigningRequest request) {
    if (!request.subject().organizations().equals(List.of("system:nodes"))) {
      return Optional.of("subject organization is not system:nodes");
    }
    return nodeName(request).isEmpty()
        ? Optional.of("subject common name does not begin with system:node:")
        : Optional.empty();
  }

  /** The node that a request is for; empty if it is for none. */
  static String nodeName(SigningRequest request) {
    String name = request.subject().commonName();
    return name.startsWith(NODE_PREFIX) ? name.substring(NODE_PREFIX.length()) : "";
  }

  /** The certificate to issue. A request may ask for a shorter life than a year. */
  CertificateProfile profile(SigningRequest request, Optional<Duration> asked, Instant now) {
    Duration life = asked.filter(d -> d.compareTo(LONGEST_LIFE) < 0).orElse(LONGEST_LIFE);
    return use == KeyUse.CLIENT_AUTH
        ? CertificateProfile.client(request.subject(), now, life)
        : CertificateProfile.server(request.subject(), request.alternatives(), now, life);
  }
}
