package dev.nacelle.apiserver.auth.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.SigningRequest;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import java.net.InetAddress;
import java.security.PublicKey;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignerTest {
  private static final PublicKey KEY = KeyPairs.generateP256().getPublic();
  private static final SubjectName NODE = SubjectName.of("system:node:n1", "system:nodes");
  private static final SubjectAlternatives HOST =
      new SubjectAlternatives(List.of("n1"), List.of(InetAddress.ofLiteral("192.0.2.1")));
  private static final List<String> CLIENT = List.of("digital signature", "client auth");
  private static final List<String> SERVER =
      List.of("digital signature", "key encipherment", "server auth");

  private static String objection(
      Signer signer, SubjectName subject, SubjectAlternatives names, List<String> usages) {
    return signer.objection(new SigningRequest(subject, names, KEY), usages).orElse("");
  }

  @Test
  void clientOfTheApiNeedsItsUsageAndNoOther() {
    var carol = SubjectName.of("carol", "developers");
    assertThat(objection(Signer.API_CLIENT, carol, SubjectAlternatives.NONE, CLIENT)).isEmpty();
    assertThat(objection(Signer.API_CLIENT, carol, HOST, List.of("client auth"))).isEmpty();
    assertThat(objection(Signer.API_CLIENT, carol, HOST, List.of("digital signature")))
        .isEqualTo("missing required usage for client certificate: client auth");
    assertThat(objection(Signer.API_CLIENT, carol, HOST, List.of("client auth", "server auth")))
        .isEqualTo("invalid usage for client certificate: server auth");
  }

  @Test
  void clientCertificateOfANodeIsForItsNameAlone() {
    var none = SubjectAlternatives.NONE;
    assertThat(objection(Signer.NODE_CLIENT, NODE, none, CLIENT)).isEmpty();
    assertThat(objection(Signer.NODE_CLIENT, NODE, none, List.of("client auth")))
        .isEqualTo("usages did not match [client auth digital signature key encipherment]");
    assertThat(objection(Signer.NODE_CLIENT, NODE, HOST, CLIENT))
        .isEqualTo("DNS subjectAltNames are not allowed");
    var address = new SubjectAlternatives(List.of(), HOST.addresses());
    assertThat(objection(Signer.NODE_CLIENT, NODE, address, CLIENT))
        .isEqualTo("IP subjectAltNames are not allowed");
    var mail = new SubjectAlternatives(List.of(), List.of(), List.of("a@example.com"), List.of());
    assertThat(objection(Signer.NODE_CLIENT, NODE, mail, CLIENT))
        .isEqualTo("Email subjectAltNames are not allowed");
    var uri = new SubjectAlternatives(List.of(), List.of(), List.of(), List.of("urn:a"));
    assertThat(objection(Signer.NODE_CLIENT, NODE, uri, CLIENT))
        .isEqualTo("URI subjectAltNames are not allowed");
  }

  @Test
  void certificatesOfNodesAreForNodes() {
    for (Signer signer : List.of(Signer.NODE_CLIENT, Signer.NODE_SERVING)) {
      SubjectAlternatives names = signer == Signer.NODE_CLIENT ? SubjectAlternatives.NONE : HOST;
      List<String> usages = signer == Signer.NODE_CLIENT ? CLIENT : SERVER;
      var more = SubjectName.of("system:node:n1", "system:nodes", "system:masters");
      assertThat(objection(signer, more, names, usages))
          .isEqualTo("subject organization is not system:nodes");
      assertThat(objection(signer, SubjectName.of("carol", "system:nodes"), names, usages))
          .isEqualTo("subject common name does not begin with system:node:");
    }
  }

  @Test
  void servingCertificateOfANodeNamesAHost() {
    assertThat(objection(Signer.NODE_SERVING, NODE, HOST, SERVER)).isEmpty();
    assertThat(objection(Signer.NODE_SERVING, NODE, SubjectAlternatives.NONE, SERVER))
        .isEqualTo("DNS or IP subjectAltName is required");
    assertThat(objection(Signer.NODE_SERVING, NODE, HOST, CLIENT))
        .isEqualTo("usages did not match [digital signature key encipherment server auth]");
  }
}
