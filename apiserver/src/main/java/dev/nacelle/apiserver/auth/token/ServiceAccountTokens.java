package dev.nacelle.apiserver.auth.token;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Believes the tokens that {@link TokenRequests} issues: the signature, the times, the audience,
 * and that the service account and what the token is bound to are still there. Signatures once
 * verified are remembered; whether the objects are there is looked up each time.
 */
public final class ServiceAccountTokens implements TokenSource {
  public static final String ISSUER = "https://kubernetes.default.svc.cluster.local";

  private static final int MOST_REMEMBERED = 8_192;
  private static final Duration DELETION_GRACE = Duration.ofSeconds(60);
  private static final String EXTRA = "authentication.kubernetes.io/";

  private final TokenKeys keys;
  private final ClusterView view;
  private final InstantSource clock;
  private final Map<String, JsonObject> verified = new ConcurrentHashMap<>();

  public ServiceAccountTokens(TokenKeys keys, ClusterView view, InstantSource clock) {
    this.keys = keys;
    this.view = view;
    this.clock = clock;
  }

  @Override
  public Optional<Accepted> check(String token, Set<String> audiences)
      throws InvalidCredentialsException {
    String hash = TokenHash.of(token);
    JsonObject claims = verified.get(hash);
    if (claims == null) {
      Optional<Jwt> parsed = Jwt.parse(token).filter(t -> isOurs(t.claims()));
      if (parsed.isEmpty()) {
        return Optional.empty();
      }
      if (!keys.verifies(parsed.get())) {
        throw new InvalidCredentialsException("the token is signed with no key that is known");
      }
      claims = parsed.get().claims();
      if (verified.size() >= MOST_REMEMBERED) {
        verified.clear();
      }
      verified.put(hash, claims);
    }
    requireTimes(claims);
    List<String> meant = claims.array("aud").strings().filter(audiences::contains).toList();
    if (meant.isEmpty()) {
      throw new InvalidCredentialsException("the token is for other audiences");
    }
    return Optional.of(new Accepted(identity(claims.object("kubernetes.io"), claims), meant));
  }

  private static boolean isOurs(JsonObject claims) {
    return claims.string("iss").orElse("").equals(ISSUER);
  }

  private void requireTimes(JsonObject claims) throws InvalidCredentialsException {
    Instant now = clock.instant();
    if (!now.isBefore(Instant.ofEpochSecond(claims.integer("exp").orElse(0)))) {
      throw new InvalidCredentialsException("the service account token has expired");
    }
    if (now.isBefore(Instant.ofEpochSecond(claims.integer("nbf").orElse(0)))) {
      throw new InvalidCredentialsException("the service account token is not valid yet");
    }
  }

  private Identity identity(JsonObject bound, JsonObject claims)
      throws InvalidCredentialsException {
    String namespace = bound.string("namespace").orElse("");
    JsonObject account = bound.object("serviceaccount");
    requireLive(Resources.SERVICE_ACCOUNTS, namespace, account);
    var extra = new LinkedHashMap<String, List<String>>();
    claims.string("jti").ifPresent(id -> extra.put(EXTRA + "credential-id", List.of("JTI=" + id)));
    if (bound.has("pod")) {
      requireLive(Resources.PODS, namespace, bound.object("pod"));
      note(extra, "pod", bound.object("pod"));
    }
    if (bound.has("secret")) {
      requireLive(Resources.SECRETS, namespace, bound.object("secret"));
    }
    if (bound.has("node")) {
      if (!bound.has("pod")) {
        requireLive(Resources.NODES, "", bound.object("node"));
      }
      note(extra, "node", bound.object("node"));
    }
    String name = account.string("name").orElse("");
    return new Identity(
        "system:serviceaccount:" + namespace + ":" + name,
        account.string("uid").orElse(""),
        List.of(
            "system:serviceaccounts",
            "system:serviceaccounts:" + namespace,
            Identity.AUTHENTICATED),
        extra);
  }

  private static void note(Map<String, List<String>> extra, String what, JsonObject reference) {
    reference.string("name").ifPresent(n -> extra.put(EXTRA + what + "-name", List.of(n)));
    reference.string("uid").ifPresent(u -> extra.put(EXTRA + what + "-uid", List.of(u)));
  }

  private void requireLive(ResourceType type, String namespace, JsonObject reference)
      throws InvalidCredentialsException {
    var key = new ObjectKey(namespace, reference.string("name").orElse(""));
    String uid = reference.string("uid").orElse("");
    if (find(type, key, uid).isEmpty()) {
      throw new InvalidCredentialsException(
          "the token is bound to " + type.resource() + " " + key + ", which is gone");
    }
  }

  /** Secrets are read one by one: no copy of them all is kept here. */
  private Optional<KubeObject> find(ResourceType type, ObjectKey key, String uid) {
    Optional<KubeObject> known =
        type.equals(Resources.SECRETS) ? Optional.empty() : view.synced(type).get(key);
    return known
        .filter(object -> object.uid().equals(uid))
        .or(() -> view.client().find(type, key))
        .filter(object -> object.uid().equals(uid))
        .filter(this::isStaying);
  }

  private boolean isStaying(KubeObject object) {
    Optional<Instant> end = object.deletionTimestamp();
    return end.isEmpty() || clock.instant().isBefore(end.get().plus(DELETION_GRACE));
  }
}
