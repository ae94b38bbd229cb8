package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.pki.SigningRequest;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Asks the cluster for a certificate, and waits until it is approved and signed. */
final class JoinRequest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long FIRST_LOOK_MILLIS = 20;
  private static final long LONGEST_LOOK_MILLIS = 1_000;

  private final ApiClient client;
  private final String nodeName;

  JoinRequest(ApiClient client, String nodeName) {
    this.client = client;
    this.nodeName = nodeName;
  }

  /** As which the node speaks to the API: {@code system:node:NAME}. */
  TlsIdentity client() throws StartException, InterruptedException {
    return identity(
        "kubernetes.io/kube-apiserver-client-kubelet", "client auth", SubjectAlternatives.NONE);
  }

  /** As which the node's endpoint answers. */
  TlsIdentity serving(SubjectAlternatives names) throws StartException, InterruptedException {
    return identity("kubernetes.io/kubelet-serving", "server auth", names);
  }

  private TlsIdentity identity(String signer, String usage, SubjectAlternatives names)
      throws StartException, InterruptedException {
    KeyPair keys = KeyPairs.generateP256();
    SubjectName subject = SubjectName.of("system:node:" + nodeName, "system:nodes");
    String pem = SigningRequest.write(keys, subject, names);
    JsonObject spec =
        JsonObject.builder()
            .put("request", base64(pem))
            .put("signerName", signer)
            .put("usages", JsonArray.ofStrings(List.of("digital signature", usage)))
            .build();
    KubeObject request =
        KubeObject.of(
                new GroupVersionKind("certificates.k8s.io", "v1", "CertificateSigningRequest"),
                ObjectKey.cluster(""))
            .withoutMetadata("name")
            .withMetadata("generateName", Json.of("node-csr-"))
            .withSpec(spec);
    ObjectKey key =
        client
            .create(
                Resources.CERTIFICATE_SIGNING_REQUESTS, request, WriteOptions.by("nacelle-join"))
            .key();
    return new TlsIdentity(keys.getPrivate(), issued(key, keys));
  }

  private List<X509Certificate> issued(ObjectKey key, KeyPair keys)
      throws StartException, InterruptedException {
    List<X509Certificate> chain = awaited(key);
    if (!chain.getFirst().getPublicKey().equals(keys.getPublic())) {
      throw new StartException(
          "cannot join: the certificate of " + key.name() + " is for another key");
    }
    return chain;
  }

  private List<X509Certificate> awaited(ObjectKey key) throws StartException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    long wait = FIRST_LOOK_MILLIS;
    while (true) {
      KubeObject request = client.get(Resources.CERTIFICATE_SIGNING_REQUESTS, key);
      refusal(request);
      Optional<String> certificate =
          request.status().string("certificate").filter(c -> !c.isEmpty());
      if (certificate.isPresent()) {
        return parse(key, certificate.get());
      }
      if (System.nanoTime() >= end) {
        throw new StartException(
            "cannot join: the cluster has not signed the request "
                + key.name()
                + " within "
                + PATIENCE.toSeconds()
                + " s; see \"kubectl describe csr "
                + key.name()
                + "\"");
      }
      Thread.sleep(wait);
      wait = Math.min(wait * 2, LONGEST_LOOK_MILLIS);
    }
  }

  private static void refusal(KubeObject request) throws StartException {
    for (JsonObject condition : request.status().array("conditions").objects().toList()) {
      String type = condition.string("type").orElse("");
      if (type.equals("Denied") || type.equals("Failed")) {
        throw new StartException(
            "cannot join: the cluster refused the request %s (%s): %s"
                .formatted(request.name(), type, condition.string("message").orElse("no reason")));
      }
    }
  }

  private static List<X509Certificate> parse(ObjectKey key, String base64) throws StartException {
    try {
      return Pem.certificates(
          new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.UTF_8));
    } catch (CertificateException | IllegalArgumentException e) {
      throw new StartException(
          "cannot join: the certificate of " + key.name() + " is damaged: " + e.getMessage(), e);
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
