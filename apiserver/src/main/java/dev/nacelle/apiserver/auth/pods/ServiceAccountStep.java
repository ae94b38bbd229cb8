package dev.nacelle.apiserver.auth.pods;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.MutatingStep;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.apiserver.auth.Refusals;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Gives a new pod its service account: the name, which must exist, the volume with a token and the
 * secrets for images. Mirror pods stay as they are and may have none of it.
 */
public final class ServiceAccountStep implements MutatingStep {
  private static final String MIRROR = "kubernetes.io/config.mirror";
  private static final int LOOK_UPS = 3;
  private static final Duration BETWEEN_LOOK_UPS = Duration.ofMillis(100);

  private final ClusterView view;
  private final TokenVolume tokenVolume;

  public ServiceAccountStep(ClusterView view, RandomGenerator random) {
    this.view = view;
    this.tokenVolume = new TokenVolume(random);
  }

  @Override
  public String name() {
    return "ServiceAccount";
  }

  @Override
  public KubeObject mutate(AdmissionRequest request, KubeObject pod) {
    if (!request.isFor("", "pods")) {
      return pod;
    }
    if (request.subresource().equals("ephemeralcontainers")) {
      return pod.withSpec(TokenVolume.mountedInEphemeral(pod.spec()));
    }
    if (request.operation() != Operation.CREATE || !request.subresource().isEmpty()) {
      return pod;
    }
    if (pod.annotation(MIRROR).isPresent()) {
      requirePlainMirror(request, pod.spec());
      return pod;
    }
    JsonObject spec = pod.spec();
    if (spec.string("serviceAccountName").orElse("").isEmpty()) {
      spec = spec.with("serviceAccountName", Json.of("default"));
    }
    String accountName = spec.string("serviceAccountName").orElseThrow();
    spec = spec.with("serviceAccount", Json.of(accountName));
    KubeObject account = account(request, new ObjectKey(request.key().namespace(), accountName));
    if (automounts(account, spec)) {
      spec = tokenVolume.mounted(spec);
    }
    if (spec.array("imagePullSecrets").isEmpty()
        && !account.json().array("imagePullSecrets").isEmpty()) {
      spec = spec.with("imagePullSecrets", account.json().array("imagePullSecrets"));
    }
    return pod.withSpec(spec);
  }

  /** A namespace is often made right before its first pod: its account is then on its way. */
  private KubeObject account(AdmissionRequest request, ObjectKey key) {
    for (int i = 1; ; i++) {
      Optional<KubeObject> found = view.find(Resources.SERVICE_ACCOUNTS, key);
      if (found.isPresent()) {
        return found.get();
      }
      if (i == LOOK_UPS || !pausedBetweenLookUps()) {
        throw Refusals.forbidden(
            request,
            "error looking up service account "
                + key
                + ": serviceaccount \""
                + key.name()
                + "\" not found");
      }
    }
  }

  private static boolean pausedBetweenLookUps() {
    try {
      Thread.sleep(BETWEEN_LOOK_UPS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static boolean automounts(KubeObject account, JsonObject spec) {
    return spec.bool("automountServiceAccountToken")
        .or(() -> account.json().bool("automountServiceAccountToken"))
        .orElse(true);
  }

  private static void requirePlainMirror(AdmissionRequest request, JsonObject spec) {
    if (!spec.string("serviceAccountName").orElse("").isEmpty()) {
      throw Refusals.forbidden(request, "a mirror pod may not reference service accounts");
    }
    boolean hasSecrets = spec.array("volumes").objects().anyMatch(v -> v.has("secret"));
    if (hasSecrets) {
      throw Refusals.forbidden(request, "a mirror pod may not reference secrets");
    }
    boolean hasTokens =
        spec.array("volumes")
            .objects()
            .flatMap(v -> v.array("projected", "sources").objects())
            .anyMatch(s -> s.has("serviceAccountToken"));
    if (hasTokens) {
      throw Refusals.forbidden(
          request, "a mirror pod may not use ServiceAccountToken volume projections");
    }
  }
}
