package dev.nacelle.apiserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonReader;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What others need to verify service-account tokens. */
class TokenIssuerTest {
  private static final String CONFIGURATION = "/.well-known/openid-configuration";
  private static final String KEYS = "/openid/v1/jwks";

  @TempDir Path directory;

  @Test
  void theIssuerAndItsPublicKeysAreServedToWhoeverMayReadThem() throws Exception {
    try (var guarded = GuardedServer.start(directory);
        var account = client(guarded, "system:serviceaccount:a:b", "system:serviceaccounts");
        var stranger = client(guarded, "stranger", "strangers")) {
      try (HttpResponse answer = get(account, guarded, CONFIGURATION)) {
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers().first("content-type")).contains("application/json");
        assertThat(answer.headers().first("cache-control")).contains("public, max-age=3600");
        var json = JsonReader.readObject(answer.bytes(1 << 20));
        assertThat(json.string("issuer")).contains("https://kubernetes.default.svc.cluster.local");
        assertThat(json.string("jwks_uri"))
            .contains("https://192.0.2.1:" + guarded.server.port() + KEYS);
        assertThat(json.array("response_types_supported").strings()).containsExactly("id_token");
        assertThat(json.array("subject_types_supported").strings()).containsExactly("public");
        assertThat(json.array("id_token_signing_alg_values_supported").strings())
            .containsExactly("ES256");
      }
      try (HttpResponse answer = get(account, guarded, KEYS)) {
        assertThat(answer.headers().first("content-type")).contains("application/jwk-set+json");
        var keys = JsonReader.readObject(answer.bytes(1 << 20)).array("keys").objects().toList();
        assertThat(keys).isNotEmpty();
        assertThat(keys.getFirst().string("kty")).contains("EC");
        assertThat(keys.getFirst().has("d")).isFalse();
      }
      try (HttpResponse answer = get(stranger, guarded, KEYS)) {
        assertThat(answer.status()).isEqualTo(403);
      }
    }
  }

  private static HttpClient client(GuardedServer guarded, String user, String group) {
    var identity = guarded.pki.clientIdentity(user, List.of(group), Duration.ofHours(1));
    return HttpClient.builder()
        .trust(List.of(guarded.pki.authorityCertificate()))
        .identity(() -> identity)
        .build();
  }

  private static HttpResponse get(HttpClient client, GuardedServer guarded, String path)
      throws Exception {
    return client.send(HttpRequest.get(URI.create(guarded.url() + path)));
  }
}
