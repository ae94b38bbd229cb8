package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.image.Credential;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Answers a registry's challenges for one repository with one credential or none: Basic, or a token
 * from the realm the challenge names (the distribution specification's token authentication). Safe
 * for any thread; concurrent requests may fetch a token each.
 */
final class Authorization {
  private static final int MAX_TOKEN_BYTES = 1 << 20;

  private final HttpClient http;
  private final Endpoint endpoint;
  private final String scope;
  private final Optional<Credential> credential;

  private volatile Optional<String> header;

  /** What one wants to do in a repository. */
  enum Access {
    PULL("pull"),
    PUSH("pull,push"),
    DELETE("pull,push,delete");

    private final String actions;

    Access(String actions) {
      this.actions = actions;
    }
  }

  Authorization(
      HttpClient http,
      Endpoint endpoint,
      String repositoryPath,
      Access access,
      Optional<Credential> credential) {
    this.http = http;
    this.endpoint = endpoint;
    this.scope = "repository:" + repositoryPath + ":" + access.actions;
    this.credential = credential;
    this.header =
        credential.flatMap(
            c -> c instanceof Credential.RegistryToken t ? bearer(t.token()) : Optional.empty());
  }

  /** The value of the Authorization header to send, if one is known. */
  Optional<String> header() {
    return header;
  }

  /**
   * Finds an answer to the challenges of a 401.
   *
   * @return false if there is none: the credential does not fit, or is missing
   */
  boolean answer(List<String> challengeHeaders) throws IOException, InterruptedException {
    for (String text : challengeHeaders) {
      for (Challenge challenge : Challenge.parse(text)) {
        Optional<String> answer =
            switch (challenge.scheme()) {
              case "bearer" -> token(challenge);
              case "basic" -> basic();
              default -> Optional.empty();
            };
        if (answer.isPresent()) {
          header = answer;
          return true;
        }
      }
    }
    return false;
  }

  private Optional<String> basic() {
    return credential.flatMap(
        c -> c instanceof Credential.UserPassword u ? Optional.of(basic(u)) : Optional.empty());
  }

  private Optional<String> token(Challenge challenge) throws IOException, InterruptedException {
    URI realm = realm(challenge);
    String service = challenge.parameter("service").orElse("");
    // a challenge may name a wider scope; never ask for more than is needed
    String asked = challenge.parameter("scope").filter(s -> s.equals(scope)).orElse(scope);
    HttpRequest request =
        credential.isPresent() && credential.get() instanceof Credential.IdentityToken identity
            ? refresh(realm, service, asked, identity.token())
            : get(realm, service, asked);
    try (HttpResponse response = http.send(request)) {
      if (response.status() != 200) {
        if (response.status() >= 500 || response.status() == 429) {
          throw new IOException(
              "the token service " + realm.getHost() + " answers " + response.status());
        }
        return Optional.empty();
      }
      JsonObject json = JsonReader.readObject(response.bytes(MAX_TOKEN_BYTES));
      return json.string("token").or(() -> json.string("access_token")).flatMap(this::bearer);
    } catch (JsonSyntaxException e) {
      throw new IOException("the token service " + realm.getHost() + " does not answer JSON", e);
    }
  }

  private URI realm(Challenge challenge) throws IOException {
    String text = challenge.parameter("realm").orElse("");
    try {
      URI realm = URI.create(text);
      boolean safe = "https".equals(realm.getScheme());
      boolean asPlainAsTheRegistry = "http".equals(realm.getScheme()) && endpoint.isPlain();
      if (realm.getHost() != null && (safe || asPlainAsTheRegistry)) {
        return realm;
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("the registry names a malformed token service", e);
    }
    throw new IOException("the registry names a token service that is not https: " + text);
  }

  private HttpRequest get(URI realm, String service, String asked) {
    String separator = realm.getRawQuery() == null ? "?" : "&";
    String query =
        (service.isEmpty() ? "" : "service=" + encode(service) + "&") + "scope=" + encode(asked);
    HttpRequest request = HttpRequest.get(URI.create(realm + separator + query));
    return credential.isPresent() && credential.get() instanceof Credential.UserPassword user
        ? request.with("authorization", basic(user))
        : request;
  }

  private static HttpRequest refresh(URI realm, String service, String asked, String token) {
    String form =
        "grant_type=refresh_token&client_id=nacelle&service="
            + encode(service)
            + "&scope="
            + encode(asked)
            + "&refresh_token="
            + encode(token);
    return HttpRequest.of("POST", realm)
        .with("content-type", "application/x-www-form-urlencoded")
        .with(Bytes.utf8(form));
  }

  private Optional<String> bearer(String token) {
    return token.isEmpty() ? Optional.empty() : Optional.of("Bearer " + token);
  }

  private static String basic(Credential.UserPassword user) {
    String text = user.user() + ":" + user.password();
    return "Basic " + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
