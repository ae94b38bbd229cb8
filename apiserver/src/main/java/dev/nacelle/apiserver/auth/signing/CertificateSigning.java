package dev.nacelle.apiserver.auth.signing;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.pki.CertificateAuthority;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.pki.SigningRequest;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Approves the certificate signing requests of nodes and signs those that are approved, for the
 * signers kubernetes.io/kube-apiserver-client, -kubelet and kubelet-serving.
 */
public final class CertificateSigning implements Reconciler, AutoCloseable {
  private static final WriteOptions WRITER = WriteOptions.by("certificate-controller");
  private static final int WORKERS = 2;

  private final ApiClient client;
  private final CertificateAuthority authority;
  private final InstantSource clock;
  private final Approval approval;
  private final ReconcileLoop loop = new ReconcileLoop("certificate signing", this, WORKERS);

  /**
   * @param client may do what the role of the certificate-controller allows
   * @param authorizer says who may ask for a node's certificate
   */
  public CertificateSigning(
      ApiClient client,
      Authorizer authorizer,
      CertificateAuthority authority,
      InstantSource clock) {
    this.client = client;
    this.authority = authority;
    this.clock = clock;
    this.approval = new Approval(client, authorizer);
  }

  /** Begins to follow the requests. */
  public CertificateSigning start(Informer requests) {
    requests.listen((before, after) -> after.ifPresent(request -> loop.enqueue(request.key())));
    loop.start();
    return this;
  }

  @Override
  public Outcome reconcile(ObjectKey key) {
    Optional<KubeObject> found = client.find(Resources.CERTIFICATE_SIGNING_REQUESTS, key);
    if (found.isEmpty() || isSettled(found.get())) {
      return Outcome.SETTLED;
    }
    KubeObject object = found.get();
    Optional<Signer> signer = Signer.named(object.spec().string("signerName").orElse(""));
    if (signer.isEmpty()) {
      return Outcome.SETTLED;
    }
    List<String> usages = object.spec().array("usages").strings().toList();
    SigningRequest request;
    try {
      request = request(object);
    } catch (CertificateException e) {
      return isApproved(object) ? failed(object, String.valueOf(e.getMessage())) : Outcome.SETTLED;
    }
    Optional<String> objection = signer.get().objection(request, usages);
    if (objection.isPresent()) {
      return isApproved(object) ? failed(object, objection.get()) : Outcome.SETTLED;
    }
    return isApproved(object)
        ? signed(object, signer.get(), request)
        : judged(object, signer.get(), request);
  }

  private Outcome judged(KubeObject object, Signer signer, SigningRequest request) {
    return switch (approval.judge(object, signer, request)) {
      case Approval.Verdict.Approved approved -> {
        JsonObject condition = condition("Approved", "AutoApproved", approved.message());
        KubeObject next =
            client.update(
                Resources.CERTIFICATE_SIGNING_REQUESTS,
                withCondition(object, condition),
                WRITER.of("approval"));
        yield signed(next, signer, request);
      }
      case Approval.Verdict.Undecided undecided -> Outcome.SETTLED;
    };
  }

  private Outcome signed(KubeObject object, Signer signer, SigningRequest request) {
    OptionalLong seconds = object.spec().integer("expirationSeconds");
    Optional<Duration> life =
        seconds.isPresent()
            ? Optional.of(Duration.ofSeconds(seconds.getAsLong()))
            : Optional.empty();
    String pem =
        Pem.of(
            authority.issue(request.publicKey(), signer.profile(request, life, clock.instant())));
    String encoded = Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII));
    client.update(
        Resources.CERTIFICATE_SIGNING_REQUESTS,
        object.withStatus(object.status().with("certificate", Json.of(encoded))),
        WRITER.of("status"));
    return Outcome.SETTLED;
  }

  private Outcome failed(KubeObject object, String why) {
    client.update(
        Resources.CERTIFICATE_SIGNING_REQUESTS,
        withCondition(object, condition("Failed", "SignerValidationFailure", why)),
        WRITER.of("status"));
    return Outcome.SETTLED;
  }

  private static JsonObject condition(String type, String reason, String message) {
    return JsonObject.builder()
        .put("type", type)
        .put("status", "True")
        .put("reason", reason)
        .put("message", message)
        .build();
  }

  private static KubeObject withCondition(KubeObject object, JsonObject condition) {
    return object.withStatus(
        object.status().with("conditions", object.status().array("conditions").plus(condition)));
  }

  private static boolean isApproved(KubeObject object) {
    return has(object, "Approved");
  }

  private static boolean isSettled(KubeObject object) {
    return !object.status().string("certificate").orElse("").isEmpty()
        || has(object, "Denied")
        || has(object, "Failed");
  }

  private static boolean has(KubeObject object, String type) {
    return object
        .status()
        .array("conditions")
        .objects()
        .anyMatch(c -> c.string("type").orElse("").equals(type));
  }

  /** What a request object asks for. */
  static SigningRequest request(KubeObject object) throws CertificateException {
    String base64 = object.spec().string("request").orElse("");
    try {
      return SigningRequest.read(
          new String(Base64.getMimeDecoder().decode(base64), StandardCharsets.US_ASCII));
    } catch (IllegalArgumentException e) {
      throw new CertificateException("the request is not in base64", e);
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
