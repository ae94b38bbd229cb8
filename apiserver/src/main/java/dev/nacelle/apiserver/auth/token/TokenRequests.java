package dev.nacelle.apiserver.auth.token;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.apiserver.extension.Responder;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Issues tokens for service accounts: answers {@code serviceaccounts/token}. A node gets them for
 * pods that run on it alone.
 */
public final class TokenRequests implements Responder {
  private static final GroupVersionKind KIND =
      new GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest");
  private static final long DEFAULT_SECONDS = 3_600;
  private static final long LEAST_SECONDS = 600;
  private static final long MOST_SECONDS = 1L << 32;

  /** Of what admission mounts: old clients never read such a token anew, so it lives longer. */
  private static final long MOUNTED_SECONDS = 3_607;

  private static final Duration MOUNTED_LIFE = Duration.ofDays(365);
  private static final String NODE_PREFIX = "system:node:";

  private final TokenKeys keys;
  private final ClusterView view;
  private final InstantSource clock;

  public TokenRequests(TokenKeys keys, ClusterView view, InstantSource clock) {
    this.keys = keys;
    this.view = view;
    this.clock = clock;
  }

  @Override
  public KubeObject respond(Request request) {
    JsonObject spec = request.body().spec();
    ObjectKey key = request.key();
    KubeObject account =
        view.find(Resources.SERVICE_ACCOUNTS, key)
            .orElseThrow(() -> ApiException.notFound(Resources.SERVICE_ACCOUNTS, key.name()));
    long seconds = seconds(spec, key.name());
    requireOwnPod(request.identity(), spec.object("boundObjectRef"), key);
    List<String> audiences = spec.array("audiences").strings().toList();
    if (audiences.isEmpty()) {
      audiences = List.of(ServiceAccountTokens.ISSUER);
    }
    Instant now = clock.instant();
    JsonObject bound = bound(account, spec.object("boundObjectRef"));
    Duration life = Duration.ofSeconds(seconds);
    if (seconds == MOUNTED_SECONDS && audiences.equals(List.of(ServiceAccountTokens.ISSUER))) {
      bound = bound.with("warnafter", Json.of(now.getEpochSecond() + seconds));
      life = MOUNTED_LIFE;
    }
    JsonObject claims =
        JsonObject.builder()
            .put("aud", JsonArray.ofStrings(audiences))
            .put("exp", now.plus(life).getEpochSecond())
            .put("iat", now.getEpochSecond())
            .put("iss", ServiceAccountTokens.ISSUER)
            .put("jti", UUID.randomUUID().toString())
            .put("kubernetes.io", bound)
            .put("nbf", now.getEpochSecond())
            .put("sub", "system:serviceaccount:" + key.namespace() + ":" + key.name())
            .build();
    return answer(request, audiences, seconds, now, keys.sign(claims));
  }

  private static KubeObject answer(
      Request request, List<String> audiences, long seconds, Instant now, String token) {
    JsonObject spec =
        request.body().spec().toBuilder()
            .put("audiences", JsonArray.ofStrings(audiences))
            .put("expirationSeconds", seconds)
            .build();
    JsonObject status =
        JsonObject.builder()
            .put("expirationTimestamp", KubeObject.formatTime(now.plusSeconds(seconds)))
            .put("token", token)
            .build();
    return KubeObject.of(KIND, request.key())
        .withMetadata("creationTimestamp", Json.of(KubeObject.formatTime(now)))
        .withSpec(spec)
        .withStatus(status);
  }

  private static long seconds(JsonObject spec, String name) {
    long seconds = spec.integer("expirationSeconds").orElse(DEFAULT_SECONDS);
    if (seconds < LEAST_SECONDS || seconds > MOST_SECONDS) {
      String why =
          seconds < LEAST_SECONDS
              ? "may not specify a duration less than 10 minutes"
              : "may not specify a duration larger than 2^32 seconds";
      throw ApiException.invalid(
          KIND, name, List.of(FieldError.invalid("spec.expirationSeconds", Json.of(seconds), why)));
    }
    return seconds;
  }

  /** The claim {@code kubernetes.io}: the account, and what the token is bound to. */
  private JsonObject bound(KubeObject account, JsonObject reference) {
    JsonObject.Builder result =
        JsonObject.builder()
            .put("namespace", account.namespace())
            .put("serviceaccount", reference(account));
    if (reference.isEmpty()) {
      return result.build();
    }
    String kind = reference.string("kind").orElse("");
    String name = reference.string("name").orElse("");
    if (!reference.string("apiVersion").orElse("v1").equals("v1")) {
      throw unsupported(reference);
    }
    switch (kind) {
      case "Pod" -> {
        KubeObject pod = found(Resources.PODS, account.namespace(), name, reference);
        if (!pod.spec().string("serviceAccountName").orElse("").equals(account.name())) {
          throw ApiException.badRequest(
              "cannot bind token for serviceaccount \""
                  + account.name()
                  + "\" to pod running with different serviceaccount name.");
        }
        result.put("pod", reference(pod));
        pod.spec()
            .string("nodeName")
            .filter(node -> !node.isEmpty())
            .ifPresent(node -> result.put("node", node(node)));
      }
      case "Secret" ->
          result.put(
              "secret", reference(found(Resources.SECRETS, account.namespace(), name, reference)));
      case "Node" -> result.put("node", reference(found(Resources.NODES, "", name, reference)));
      default -> throw unsupported(reference);
    }
    return result.build();
  }

  private static ApiException unsupported(JsonObject reference) {
    return ApiException.badRequest(
        "cannot bind token to object of type "
            + reference.string("apiVersion").orElse("")
            + ", Kind="
            + reference.string("kind").orElse(""));
  }

  private JsonObject node(String name) {
    Optional<KubeObject> node = view.find(Resources.NODES, ObjectKey.cluster(name));
    return node.map(TokenRequests::reference)
        .orElseGet(() -> JsonObject.builder().put("name", name).build());
  }

  private KubeObject found(ResourceType type, String namespace, String name, JsonObject reference) {
    KubeObject object = view.client().get(type, new ObjectKey(namespace, name));
    String uid = reference.string("uid").orElse("");
    if (!uid.isEmpty() && !uid.equals(object.uid())) {
      throw ApiException.conflict(
          type,
          name,
          "the UID in the bound object reference ("
              + uid
              + ") does not match the UID in record. The object might have been deleted and then"
              + " recreated");
    }
    return object;
  }

  private static JsonObject reference(KubeObject object) {
    return JsonObject.builder().put("name", object.name()).put("uid", object.uid()).build();
  }

  private void requireOwnPod(Identity identity, JsonObject reference, ObjectKey account) {
    if (!identity.user().startsWith(NODE_PREFIX) || !identity.isIn("system:nodes")) {
      return;
    }
    String node = identity.user().substring(NODE_PREFIX.length());
    if (!reference.string("kind").orElse("").equals("Pod")
        || reference.string("name").orElse("").isEmpty()) {
      throw refused(account, "node requested token not bound to a pod");
    }
    if (reference.string("uid").orElse("").isEmpty()) {
      throw refused(account, "node requested token with a pod binding without a uid");
    }
    var key = new ObjectKey(account.namespace(), reference.string("name").orElseThrow());
    KubeObject pod = view.client().get(Resources.PODS, key);
    if (!pod.spec().string("nodeName").orElse("").equals(node)) {
      throw refused(account, "node requested token bound to a pod scheduled on a different node");
    }
  }

  private static ApiException refused(ObjectKey account, String why) {
    return ApiException.forbidden(Resources.SERVICE_ACCOUNTS, account.name(), why);
  }
}
