package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.base.pki.CertificateProfile;
import dev.nacelle.base.pki.KeyUse;
import dev.nacelle.base.pki.SigningRequest;
import dev.nacelle.base.pki.SubjectAlternatives;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The signers that the cluster's authority stands behind, and what each of them signs. */
enum Signer {
  API_CLIENT("kubernetes.io/kube-apiserver-client", KeyUse.CLIENT_AUTH),
  NODE_CLIENT("kubernetes.io/kube-apiserver-client-kubelet", KeyUse.CLIENT_AUTH),
  NODE_SERVING("kubernetes.io/kubelet-serving", KeyUse.SERVER_AUTH);

  private static final Duration LONGEST_LIFE = Duration.ofDays(365);
  private static final String NODE_PREFIX = "system:node:";
  private static final String SIGNATURE = "digital signature";
  private static final String ENCIPHERMENT = "key encipherment";
  private static final String CLIENT = "client auth";
  private static final String SERVER = "server auth";

  private final String signerName;
  private final KeyUse use;

  Signer(String signerName, KeyUse use) {
    this.signerName = signerName;
    this.use = use;
  }

  String signerName() {
    return signerName;
  }

  static Optional<Signer> named(String name) {
    return Arrays.stream(values()).filter(s -> s.signerName.equals(name)).findFirst();
  }

  /** Why the signer does not sign this, in upstream's words; empty if it does. */
  Optional<String> objection(SigningRequest request, List<String> usages) {
    return switch (this) {
      case API_CLIENT -> clientUsages(usages);
      case NODE_CLIENT ->
          ofNodes(request)
              .or(() -> noNames(request.alternatives()))
              .or(() -> ofNode(request))
              .or(() -> usagesOfNode(usages, CLIENT));
      case NODE_SERVING ->
          ofNodes(request)
              .or(() -> someHost(request.alternatives()))
              .or(() -> usagesOfNode(usages, SERVER))
              .or(() -> ofNode(request));
    };
  }

  private static Optional<String> clientUsages(List<String> usages) {
    for (String usage : usages) {
      if (!Set.of(SIGNATURE, ENCIPHERMENT, CLIENT).contains(usage)) {
        return Optional.of("invalid usage for client certificate: " + usage);
      }
    }
    return usages.contains(CLIENT)
        ? Optional.empty()
        : Optional.of("missing required usage for client certificate: " + CLIENT);
  }

  private static Optional<String> ofNodes(SigningRequest request) {
    return request.subject().organizations().equals(List.of("system:nodes"))
        ? Optional.empty()
        : Optional.of("subject organization is not system:nodes");
  }

  private static Optional<String> ofNode(SigningRequest request) {
    return nodeName(request).isEmpty()
        ? Optional.of("subject common name does not begin with system:node:")
        : Optional.empty();
  }

  private static Optional<String> noNames(SubjectAlternatives names) {
    if (!names.dnsNames().isEmpty()) {
      return Optional.of("DNS subjectAltNames are not allowed");
    }
    if (!names.emails().isEmpty()) {
      return Optional.of("Email subjectAltNames are not allowed");
    }
    if (!names.addresses().isEmpty()) {
      return Optional.of("IP subjectAltNames are not allowed");
    }
    return names.uris().isEmpty()
        ? Optional.empty()
        : Optional.of("URI subjectAltNames are not allowed");
  }

  private static Optional<String> someHost(SubjectAlternatives names) {
    if (names.dnsNames().isEmpty() && names.addresses().isEmpty()) {
      return Optional.of("DNS or IP subjectAltName is required");
    }
    if (!names.emails().isEmpty()) {
      return Optional.of("Email subjectAltNames are not allowed");
    }
    return names.uris().isEmpty()
        ? Optional.empty()
        : Optional.of("URI subjectAltNames are not allowed");
  }

  /** A node names all the usages of its kind; encipherment is for keys that can do it. */
  private static Optional<String> usagesOfNode(List<String> usages, String use) {
    Set<String> asked = Set.copyOf(usages);
    return asked.equals(Set.of(SIGNATURE, use))
            || asked.equals(Set.of(SIGNATURE, ENCIPHERMENT, use))
        ? Optional.empty()
        : Optional.of(
            Stream.of(SIGNATURE, ENCIPHERMENT, use)
                .sorted()
                .collect(Collectors.joining(" ", "usages did not match [", "]")));
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
        ? CertificateProfile.client(request.subject(), request.alternatives(), now, life)
        : CertificateProfile.server(request.subject(), request.alternatives(), now, life);
  }
}
