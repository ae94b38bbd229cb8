package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.bootstrap.RbacDefaults;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;

/** Lets people and hosts in: client certificates and bootstrap tokens. */
final class People {
  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

  private final ClusterPki pki;
  private final String server;
  private final ApiClient client;
  private final JoinInfo join;
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();

  People(ClusterPki pki, String server, ApiClient client, JoinInfo join, InstantSource clock) {
    this.pki = pki;
    this.server = server;
    this.client = client;
    this.join = join;
    this.clock = clock;
  }

  JsonObject kubeconfig(JsonObject body) {
    String user = body.string("user").orElse("");
    if (user.isBlank()) {
      throw ApiException.badRequest("a user needs a name");
    }
    return JsonObject.builder()
        .put("kubeconfig", pki.kubeconfig(server, user, body.array("groups").strings().toList()))
        .build();
  }

  /** A bootstrap token as kubeadm makes them: a Secret in kube-system. */
  JsonObject token(JsonObject body) {
    String id = text(6);
    String secret = text(16);
    long hours = Math.clamp(body.integer("ttlHours").orElse(24), 1, 24 * 365);
    KubeObject object =
        new KubeObject(
            KubeObject.of(
                    new GroupVersionKind("", "v1", "Secret"),
                    new ObjectKey("kube-system", "bootstrap-token-" + id))
                .json()
                .with("type", Json.of("bootstrap.kubernetes.io/token"))
                .with(
                    "stringData",
                    JsonObject.builder()
                        .putStrings(
                            "d",
                            Map.of(
                                "token-id",
                                id,
                                "token-secret",
                                secret,
                                "expiration",
                                KubeObject.formatTime(
                                    clock.instant().plus(Duration.ofHours(hours))),
                                "usage-bootstrap-authentication",
                                "true",
                                "usage-bootstrap-signing",
                                "true",
                                "auth-extra-groups",
                                RbacDefaults.JOINING_HOSTS))
                        .build()
                        .object("d")));
    client.create(Resources.SECRETS, object, WriteOptions.by("nacelle"));
    join.refresh();
    return JsonObject.builder().put("token", id + "." + secret).build();
  }

  private String text(int length) {
    var result = new StringBuilder();
    for (int i = 0; i < length; i++) {
      result.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return result.toString();
  }
}
