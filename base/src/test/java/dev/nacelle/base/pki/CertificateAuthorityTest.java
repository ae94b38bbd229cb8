package dev.nacelle.base.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateException;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");
  private static final CertificateAuthority CA =
      CertificateAuthority.create("nacelle-ca", NOW, Duration.ofDays(3650));
  private static final TrustedAuthorities TRUSTED =
      new TrustedAuthorities(List.of(CA.certificate()));

  @Test
  void aClientCertificateCarriesUserAndGroups() throws Exception {
    var subject = SubjectName.of("system:node:n1", "system:nodes", "a, \"b\" = c");
    var certificate =
        CA.issue(
            KeyPairs.generateP256().getPublic(),
            CertificateProfile.client(subject, NOW, Duration.ofDays(1)));
    assertThat(SubjectName.of(certificate)).isEqualTo(subject);
    TRUSTED.verify(List.of(certificate), KeyUse.CLIENT_AUTH, NOW);
    TRUSTED.verify(List.of(certificate, CA.certificate()), KeyUse.CLIENT_AUTH, NOW);
    assertThatThrownBy(() -> TRUSTED.verify(List.of(certificate), KeyUse.SERVER_AUTH, NOW))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining("key usage");
    for (Instant wrong : List.of(NOW.minusSeconds(3600), NOW.plus(Duration.ofDays(2)))) {
      assertThatThrownBy(() -> TRUSTED.verify(List.of(certificate), KeyUse.CLIENT_AUTH, wrong))
          .isInstanceOf(CertificateException.class);
    }
  }

  @Test
  void aSubjectIsWrittenAsItWasRead() throws Exception {
    var subject =
        SubjectName.of(
            "\\admin", "\\system:masters", "#0c0e73797374656d3a6d617374657273", " system:masters ");
    String pem = SigningRequest.write(KeyPairs.generateP256(), subject, SubjectAlternatives.NONE);
    SigningRequest request = SigningRequest.read(pem);
    assertThat(request.subject()).isEqualTo(subject);
    var certificate =
        CA.issue(
            request.publicKey(),
            CertificateProfile.client(request.subject(), NOW, Duration.ofDays(1)));
    assertThat(SubjectName.of(certificate)).isEqualTo(subject);
  }

  @Test
  void aForeignCertificateOfTheSameNameIsNotTrusted() {
    var other = CertificateAuthority.create("nacelle-ca", NOW, Duration.ofDays(1));
    var forged =
        other.issue(
            KeyPairs.generateP256().getPublic(),
            CertificateProfile.client(
                SubjectName.of("root", "system:masters"), NOW, Duration.ofHours(1)));
    assertThatThrownBy(() -> TRUSTED.verify(List.of(forged), KeyUse.CLIENT_AUTH, NOW))
        .isInstanceOf(CertificateException.class);
    assertThatThrownBy(
            () -> TRUSTED.verify(List.of(forged, other.certificate()), KeyUse.CLIENT_AUTH, NOW))
        .isInstanceOf(CertificateException.class);
    assertThatThrownBy(
            () -> TRUSTED.verify(List.of(forged, CA.certificate()), KeyUse.CLIENT_AUTH, NOW))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void aCertificateNeverOutlivesItsAuthority() {
    var certificate =
        CA.issue(
            KeyPairs.generateP256().getPublic(),
            CertificateProfile.client(SubjectName.of("x"), NOW, Duration.ofDays(99_999)));
    assertThat(certificate.getNotAfter()).isEqualTo(CA.certificate().getNotAfter());
  }

  @Test
  void aServerCertificateNamesHostsAndAddresses() throws Exception {
    var names =
        new SubjectAlternatives(
            List.of("kubernetes.default.svc"),
            List.of(InetAddress.ofLiteral("10.128.0.1"), InetAddress.ofLiteral("::1")));
    var certificate =
        CA.issue(
            KeyPairs.generateP256().getPublic(),
            CertificateProfile.server(SubjectName.of("api"), names, NOW, Duration.ofDays(1)));
    assertThat(certificate.getSubjectAlternativeNames().stream().map(n -> n.get(1).toString()))
        .containsExactly("kubernetes.default.svc", "10.128.0.1", "0:0:0:0:0:0:0:1");
    TRUSTED.verify(List.of(certificate), KeyUse.SERVER_AUTH, NOW);
  }

  @Test
  void aSigningRequestIsReadBackAndAForgedOneIsRefused() throws Exception {
    var keys = KeyPairs.generateP256();
    var subject = SubjectName.of("system:node:n2", "system:nodes");
    var names =
        new SubjectAlternatives(
            List.of("n2"),
            List.of(InetAddress.ofLiteral("192.0.2.7")),
            List.of("n2@example.com"),
            List.of("spiffe://example.com/n2"));
    String pem = SigningRequest.write(keys, subject, names);
    assertThat(SigningRequest.read(pem))
        .isEqualTo(new SigningRequest(subject, names, keys.getPublic()));
    String forged =
        SigningRequest.write(
            new java.security.KeyPair(keys.getPublic(), KeyPairs.generateP256().getPrivate()),
            subject,
            names);
    assertThatThrownBy(() -> SigningRequest.read(forged))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining("signature");
    assertThatThrownBy(
            () ->
                SigningRequest.read(
                    "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void whatIsWrittenAsPemIsReadBack() throws Exception {
    assertThat(Pem.certificates(Pem.of(List.of(CA.certificate(), CA.certificate()))))
        .containsExactly(CA.certificate(), CA.certificate());
    assertThat(Pem.privateKey(Pem.of(CA.key()))).isEqualTo(CA.key());
    assertThat(Pem.publicKeys(Pem.of(CA.certificate().getPublicKey())))
        .containsExactly(CA.certificate().getPublicKey());
    assertThatThrownBy(() -> Pem.privateKey("nothing")).isInstanceOf(CertificateException.class);
  }

  @Test
  void keysInTheOlderFormsOfOpensslAreRead(@TempDir Path directory) throws Exception {
    Path openssl = Path.of("/usr/bin/openssl");
    Assumptions.assumeTrue(Files.isExecutable(openssl), "openssl is not installed");
    Path key = directory.resolve("key.pem");
    Files.writeString(key, Pem.of(CA.key()));
    var read = (ECPrivateKey) Pem.privateKey(run(openssl, "ec", "-in", key.toString()));
    assertThat(read.getS()).isEqualTo(((ECPrivateKey) CA.key()).getS());
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    var rsa = generator.generateKeyPair().getPrivate();
    Files.writeString(key, Pem.of(rsa));
    assertThat(Pem.privateKey(run(openssl, "rsa", "-traditional", "-in", key.toString())))
        .isEqualTo(rsa);
  }

  private static String run(Path program, String... arguments) throws Exception {
    var command = new java.util.ArrayList<>(List.of(program.toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    return new String(
        process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
  }
}
