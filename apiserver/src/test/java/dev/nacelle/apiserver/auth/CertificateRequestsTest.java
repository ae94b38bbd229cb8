package dev.nacelle.apiserver.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.pki.SigningRequest;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may ask for which certificate, who approves it, and who writes it. */
class CertificateRequestsTest {
  private static final WriteOptions WRITER = WriteOptions.by("test");
  private static final String CLIENT = "kubernetes.io/kube-apiserver-client";
  private static final String FOREIGN = "signers.example.com/own";

  @TempDir static Path directory;
  private static GuardedServer guarded;
  private static ApiClient system;

  @BeforeAll
  static void start() throws Exception {
    guarded = GuardedServer.start(directory);
    system = guarded.system();
    grant(
        "requests",
        rule("certificatesigningrequests", "", "create", "get"),
        rule("certificatesigningrequests/approval", "", "update"),
        rule("certificatesigningrequests/status", "", "update"));
    grant("approver", rule("signers", CLIENT, "approve"));
    grant("domain", rule("signers", "kubernetes.io/*", "approve", "sign"));
    grant("foreign", rule("signers", FOREIGN, "sign"));
    bind("nobody", "requests");
    bind("approver", "requests", "approver");
    bind("domain", "requests", "domain");
    bind("foreign", "requests", "foreign");
    ApiClient last = person("foreign");
    GuardedServer.await(
        () -> {
          try {
            return last.find(Resources.CERTIFICATE_SIGNING_REQUESTS, ObjectKey.cluster("none"))
                .isEmpty();
          } catch (ApiException e) {
            return false;
          }
        });
  }

  @AfterAll
  static void end() {
    guarded.close();
  }

  private static JsonObject rule(String resource, String name, String... verbs) {
    var rule =
        JsonObject.builder()
            .put("apiGroups", JsonArray.of(Json.of("certificates.k8s.io")))
            .put("resources", JsonArray.of(Json.of(resource)))
            .put("verbs", JsonArray.ofStrings(java.util.List.of(verbs)));
    if (!name.isEmpty()) {
      rule.put("resourceNames", JsonArray.of(Json.of(name)));
    }
    return rule.build();
  }

  private static void grant(String role, JsonObject... rules) {
    KubeObject object =
        GuardedServer.object(
            """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",
             "metadata":{"name":"%s"}}"""
                .formatted(role));
    system.create(
        Resources.CLUSTER_ROLES,
        new KubeObject(object.json().with("rules", JsonArray.of(rules))),
        WRITER);
  }

  private static void bind(String user, String... roles) {
    for (String role : roles) {
      system.create(
          Resources.CLUSTER_ROLE_BINDINGS,
          GuardedServer.object(
              """
              {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding",
               "metadata":{"name":"%1$s-%2$s"},
               "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole",
               "name":"%2$s"},
               "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"%1$s"}]}"""
                  .formatted(user, role)),
          WRITER);
    }
  }

  private static ApiClient person(String name) {
    return guarded.as(Identity.of(name, Identity.AUTHENTICATED));
  }

  private static KubeObject asked(String name, String signer, SubjectName subject) {
    return person("nobody")
        .create(Resources.CERTIFICATE_SIGNING_REQUESTS, request(name, signer, subject), WRITER);
  }

  private static KubeObject request(String name, String signer, SubjectName subject) {
    String pem = SigningRequest.write(KeyPairs.generateP256(), subject, SubjectAlternatives.NONE);
    return GuardedServer.object(
        """
        {"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest",
         "metadata":{"name":"%s"},"spec":{"request":"%s","signerName":"%s",
         "usages":["digital signature","client auth"]}}"""
            .formatted(name, base64(pem), signer));
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static KubeObject with(KubeObject request, String type) {
    JsonObject condition =
        JsonObject.builder()
            .put("type", type)
            .put("status", "True")
            .put("reason", "Test")
            .put("message", "by a test")
            .build();
    return request.withStatus(request.status().with("conditions", JsonArray.of(condition)));
  }

  private static KubeObject decide(String person, KubeObject request, String type) {
    return person(person)
        .update(Resources.CERTIFICATE_SIGNING_REQUESTS, with(request, type), WRITER.of("approval"));
  }

  private static void assertRefused(int code, String message, Runnable call) {
    assertThatExceptionOfType(ApiException.class)
        .isThrownBy(call::run)
        .satisfies(e -> assertThat(e.code()).isEqualTo(code))
        .withMessageContaining(message);
  }

  private static SubjectName subjectOfCertificate(KubeObject request) throws Exception {
    GuardedServer.await(() -> !certificate(request).isEmpty());
    String pem =
        new String(Base64.getDecoder().decode(certificate(request)), StandardCharsets.UTF_8);
    return SubjectName.of(Pem.certificates(pem).getFirst());
  }

  private static String certificate(KubeObject request) {
    return system
        .get(Resources.CERTIFICATE_SIGNING_REQUESTS, request.key())
        .status()
        .string("certificate")
        .orElse("");
  }

  @Test
  void whoMayNotApproveForTheSignerIsForbidden() {
    KubeObject request = asked("unapproved", CLIENT, SubjectName.of("carol"));
    assertRefused(
        403,
        "certificatesigningrequests.certificates.k8s.io \"unapproved\" is forbidden: user not"
            + " permitted to approve requests with signerName"
            + " \"kubernetes.io/kube-apiserver-client\"",
        () -> decide("nobody", request, "Approved"));
    assertRefused(403, "user not permitted to approve", () -> decide("foreign", request, "Denied"));
    KubeObject other = asked("elsewhere", FOREIGN, SubjectName.of("carol"));
    assertRefused(403, "user not permitted to approve", () -> decide("domain", other, "Approved"));
  }

  @Test
  void whoMayApproveForTheSignerOrItsDomainMakesACertificate() throws Exception {
    var subject = SubjectName.of("carol", "developers");
    KubeObject first = asked("by-name", CLIENT, subject);
    decide("approver", first, "Approved");
    assertThat(subjectOfCertificate(first)).isEqualTo(subject);
    KubeObject second = asked("by-domain", CLIENT, subject);
    decide("domain", second, "Approved");
    assertThat(subjectOfCertificate(second)).isEqualTo(subject);
  }

  @Test
  void nobodyAsksToBeAMaster() throws Exception {
    assertRefused(
        403,
        "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not"
            + " allowed",
        () -> asked("master", CLIENT, SubjectName.of("carol", "developers", "system:masters")));
    // what only looks like the group must not become it on the way into the certificate
    var subject = SubjectName.of("carol", "\\system:masters", "#0c0e73797374656d3a6d617374657273");
    KubeObject request = asked("almost", CLIENT, subject);
    decide("approver", request, "Approved");
    assertThat(subjectOfCertificate(request)).isEqualTo(subject);
  }

  @Test
  void onlyWhoMaySignWritesCertificateAndConditions() {
    KubeObject request = asked("signed", FOREIGN, SubjectName.of("carol"));
    String pem = Pem.of(guarded.pki.authorityCertificate());
    KubeObject signed =
        request.withStatus(request.status().with("certificate", Json.of(base64(pem))));
    assertRefused(
        403,
        "user not permitted to sign requests with signerName \"signers.example.com/own\"",
        () -> status("nobody", signed));
    assertRefused(
        403, "user not permitted to sign", () -> status("domain", with(request, "Failed")));
    assertThat(status("foreign", signed).status().string("certificate")).contains(base64(pem));
  }

  private static KubeObject status(String person, KubeObject request) {
    return person(person)
        .update(Resources.CERTIFICATE_SIGNING_REQUESTS, request, WRITER.of("status"));
  }

  @Test
  void signerCannotApproveAndNobodyTakesADecisionBack() {
    KubeObject request = asked("decided", FOREIGN, SubjectName.of("carol"));
    assertRefused(
        422,
        "status.conditions: Forbidden: updates may not add a condition of type \"Approved\"",
        () -> status("foreign", with(request, "Approved")));
    KubeObject denied =
        system.update(
            Resources.CERTIFICATE_SIGNING_REQUESTS, with(request, "Denied"), WRITER.of("approval"));
    assertThat(denied.status().array("conditions").objects().findFirst().orElseThrow())
        .satisfies(condition -> assertThat(condition.string("lastUpdateTime")).isPresent());
    assertRefused(
        422,
        "status.conditions: Forbidden: updates may not remove a condition of type \"Denied\"",
        () ->
            system.update(
                Resources.CERTIFICATE_SIGNING_REQUESTS,
                with(denied, "Approved"),
                WRITER.of("approval")));
  }

  @Test
  void requestThatIsNoneIsInvalid() {
    KubeObject request = request("damaged", CLIENT, SubjectName.of("carol"));
    assertRefused(
        422,
        "PEM block type must be CERTIFICATE REQUEST",
        () ->
            system.create(
                Resources.CERTIFICATE_SIGNING_REQUESTS,
                request.withSpec(
                    request.spec().with("request", Json.of(base64("no request at all")))),
                WRITER));
    assertRefused(
        422,
        "spec.usages[0]: Unsupported value: \"everything\"",
        () ->
            system.create(
                Resources.CERTIFICATE_SIGNING_REQUESTS,
                request.withSpec(
                    request.spec().with("usages", JsonArray.of(Json.of("everything")))),
                WRITER));
  }
}
