package dev.nacelle.node.volume;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.pod.PodView;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Tokens of service accounts, bound to a pod, kept until four fifths of their life are over. Safe
 * for any thread.
 */
final class ServiceAccountTokens {
  private static final long DEFAULT_SECONDS = 3_600;
  private static final int MOST = 10_000;

  private record Key(String podUid, String audience, long seconds) {}

  private record Token(String text, Instant renewAt) {}

  private final ApiClient client;
  private final InstantSource clock;
  private final Map<Key, Token> tokens =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Token> eldest) {
          return size() > MOST;
        }
      };

  ServiceAccountTokens(ApiClient client, InstantSource clock) {
    this.client = client;
    this.clock = clock;
  }

  /** The token for one {@code serviceAccountToken} source. */
  String token(PodView pod, JsonObject source) {
    var key =
        new Key(
            pod.uid(),
            source.string("audience").orElse(""),
            source.integer("expirationSeconds").orElse(DEFAULT_SECONDS));
    Token known;
    synchronized (tokens) {
      known = tokens.get(key);
    }
    if (known == null || !clock.instant().isBefore(known.renewAt())) {
      known = request(pod, key);
      synchronized (tokens) {
        tokens.put(key, known);
      }
    }
    return known.text();
  }

  /** When the first of a pod's tokens is to be renewed. */
  Optional<Instant> renewAt(String podUid) {
    synchronized (tokens) {
      return tokens.entrySet().stream()
          .filter(e -> e.getKey().podUid().equals(podUid))
          .map(e -> e.getValue().renewAt())
          .min(Comparator.naturalOrder());
    }
  }

  void forget(String podUid) {
    synchronized (tokens) {
      tokens.keySet().removeIf(k -> k.podUid().equals(podUid));
    }
  }

  private Token request(PodView pod, Key key) {
    var account =
        new ObjectKey(
            pod.object().namespace(),
            pod.spec().string("serviceAccountName").filter(n -> !n.isEmpty()).orElse("default"));
    JsonArray audiences =
        key.audience().isEmpty() ? JsonArray.EMPTY : JsonArray.of(Json.of(key.audience()));
    KubeObject request =
        KubeObject.of(new GroupVersionKind("authentication.k8s.io", "v1", "TokenRequest"), account)
            .withSpec(
                JsonObject.builder()
                    .put("audiences", audiences)
                    .put("expirationSeconds", key.seconds())
                    .put(
                        "boundObjectRef",
                        JsonObject.builder()
                            .put("kind", "Pod")
                            .put("apiVersion", "v1")
                            .put("name", pod.object().name())
                            .put("uid", pod.uid())
                            .build())
                    .build());
    Instant now = clock.instant();
    KubeObject answer =
        client.post(
            Resources.SERVICE_ACCOUNTS, account, "token", request, WriteOptions.by("kubelet"));
    Instant expires =
        answer.instant("status", "expirationTimestamp").orElse(now.plusSeconds(key.seconds()));
    Duration life = Duration.between(now, expires);
    return new Token(
        answer
            .status()
            .string("token")
            .orElseThrow(
                () -> ApiException.internal("the token of " + account + " came without its text")),
        now.plus(life.multipliedBy(4).dividedBy(5)));
  }
}
