package dev.nacelle.image.distribution;

import static dev.nacelle.image.distribution.RunningRegistry.digest;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import dev.nacelle.image.distribution.RunningRegistry.Answer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what, and what clients are told. */
class RegistryAccessTest {
  private static final String UPLOADS = "/v2/team/app/blobs/uploads/";

  @TempDir Path directory;
  private final SetClock clock = new SetClock();
  private final NamedCallers callers =
      new NamedCallers()
          .with("pusher", "secret", "team", Action.PULL, Action.PUSH)
          .with("admin", "root", "team", Action.values())
          .with("reader", "please", "team", Action.PULL)
          .with("", "", "public", Action.PULL);
  private RunningRegistry registry;

  @BeforeEach
  void open() throws Exception {
    registry =
        RunningRegistry.open(directory, RegistryLimits.DEFAULT, callers, PushListener.NONE, clock);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private static String basic(String user, String password) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  private String token(String query, String... headers) throws Exception {
    return registry.get("/token?" + query, headers).is(200).json().string("token").orElseThrow();
  }

  @Test
  void theVersionCheckChallengesWhoShowsNothing() throws Exception {
    Answer refused = registry.get("/v2/").refuses(401, ErrorCode.UNAUTHORIZED);
    assertThat(refused.header("www-authenticate"))
        .isEqualTo(
            "Bearer realm=\"http://%s/token\",service=\"nacelle-registry\""
                .formatted(registry.host()));
    assertThat(refused.header("docker-distribution-api-version")).isEqualTo("registry/2.0");
    registry.get("/v2/", "authorization", basic("reader", "please")).is(200);
  }

  @Test
  void aChallengeNamesTheScope() throws Exception {
    assertThat(registry.send("POST", UPLOADS).is(401).header("www-authenticate"))
        .endsWith(",scope=\"repository:team/app:pull,push\"");
    assertThat(registry.get("/v2/team/app/manifests/v1").is(401).header("www-authenticate"))
        .endsWith(",scope=\"repository:team/app:pull\"");
    assertThat(
            registry.send("DELETE", "/v2/team/app/manifests/v1").is(401).header("www-authenticate"))
        .endsWith(",scope=\"repository:team/app:delete\"");
  }

  @Test
  void wrongCredentialsAreUnauthorized() throws Exception {
    for (String wrong :
        List.of(
            basic("reader", "guess"),
            basic("nobody", ""),
            basic("", ""),
            "Basic !!!",
            "Basic " + Base64.getEncoder().encodeToString(new byte[] {1, 2}),
            "Bearer guess",
            "Bearer ",
            "Digest x")) {
      registry.get("/v2/", "authorization", wrong).refuses(401, ErrorCode.UNAUTHORIZED);
      registry.get("/token", "authorization", wrong).refuses(401, ErrorCode.UNAUTHORIZED);
    }
  }

  @Test
  void whoMayNotIsDenied() throws Exception {
    registry
        .send("POST", UPLOADS, "authorization", basic("reader", "please"))
        .refuses(403, ErrorCode.DENIED);
    registry
        .get("/v2/other/tags/list", "authorization", basic("reader", "please"))
        .refuses(403, ErrorCode.DENIED);
    registry.send("POST", UPLOADS, "authorization", basic("pusher", "secret")).is(202);
    registry.send("POST", UPLOADS, "authorization", "Bearer cluster-token-of-pusher").is(202);
  }

  @Test
  void aTokenGrantsWhatWasAskedAndIsAllowed() throws Exception {
    String push =
        token(
            "service=nacelle-registry&scope=repository:team/app:pull,push,delete",
            "authorization",
            basic("pusher", "secret"));
    registry.send("POST", UPLOADS, "authorization", "Bearer " + push).is(202);
    registry
        .send("DELETE", "/v2/team/app/manifests/v1", "authorization", "Bearer " + push)
        .refuses(403, ErrorCode.DENIED);
    String pull =
        token("scope=repository:team/app:pull", "authorization", basic("pusher", "secret"));
    Answer tooLittle =
        registry
            .send("POST", UPLOADS, "authorization", "Bearer " + pull)
            .refuses(401, ErrorCode.UNAUTHORIZED);
    assertThat(tooLittle.header("www-authenticate"))
        .contains("error=\"insufficient_scope\"", "scope=\"repository:team/app:pull,push\"");
    registry.send("POST", "/v2/team/b/blobs/uploads/", "authorization", "Bearer " + push).is(401);
  }

  @Test
  void aTokenEndsAfterFiveMinutes() throws Exception {
    String token =
        token("scope=repository:team/app:pull", "authorization", basic("reader", "please"));
    registry.get("/v2/", "authorization", "Bearer " + token).is(200);
    clock.pass(RegistryTokens.LIFE);
    Answer late = registry.get("/v2/", "authorization", "Bearer " + token).is(401);
    assertThat(late.header("www-authenticate")).contains("error=\"invalid_token\"");
  }

  @Test
  void aTokenIsWorthNothingOnceTheRightIsRevoked() throws Exception {
    String token =
        token("scope=repository:team/app:pull,push", "authorization", basic("pusher", "secret"));
    registry.send("POST", UPLOADS, "authorization", "Bearer " + token).is(202);
    callers.revoke("pusher", "team");
    registry
        .send("POST", UPLOADS, "authorization", "Bearer " + token)
        .refuses(403, ErrorCode.DENIED);
  }

  @Test
  void aForgedTokenIsRefused() throws Exception {
    String token =
        token("scope=repository:team/app:pull,push", "authorization", basic("pusher", "secret"));
    int body = token.indexOf('.') + 1;
    for (int i = 0; i < token.length(); i += 7) {
      char other = token.charAt(i) == 'A' ? 'B' : 'A';
      String forged = token.substring(0, i) + other + token.substring(i + 1);
      registry.send("POST", UPLOADS, "authorization", "Bearer " + forged).is(401);
    }
    for (String forged :
        List.of(
            token.substring(0, body),
            token.substring(0, token.lastIndexOf('.')),
            token.substring(0, token.lastIndexOf('.') + 1),
            token + "." + token)) {
      registry.send("POST", UPLOADS, "authorization", "Bearer " + forged).is(401);
    }
  }

  @Test
  void aTokenIsNotGivenForAToken() throws Exception {
    String token = token("", "authorization", basic("reader", "please"));
    registry.get("/token", "authorization", "Bearer " + token).refuses(403, ErrorCode.DENIED);
    registry.send("POST", "/token").refuses(405, ErrorCode.UNSUPPORTED);
  }

  @Test
  void everybodyPullsWhereThatIsAllowed() throws Exception {
    registry.get("/v2/public/thing/tags/list").refuses(404, ErrorCode.NAME_UNKNOWN);
    registry.send("POST", "/v2/public/thing/blobs/uploads/").refuses(401, ErrorCode.UNAUTHORIZED);
    String token = token("scope=repository:public/thing:pull,push");
    registry.get("/v2/", "authorization", "Bearer " + token).is(200);
    registry.get("/v2/public/thing/tags/list", "authorization", "Bearer " + token).is(404);
    registry
        .send("POST", "/v2/public/thing/blobs/uploads/", "authorization", "Bearer " + token)
        .is(401);
  }

  @Test
  void aBlobIsMountedOnlyFromWhereItMayBePulled() throws Exception {
    callers.with("other", "pass", "hidden", Action.values());
    Bytes blob = Bytes.utf8("hidden");
    registry
        .send(
            "POST",
            "/v2/hidden/blobs/uploads/?digest=" + digest(blob),
            blob,
            "authorization",
            basic("other", "pass"))
        .is(201);
    registry
        .send(
            "POST",
            UPLOADS + "?mount=" + digest(blob) + "&from=hidden",
            "authorization",
            basic("pusher", "secret"))
        .is(202);
  }

  @Test
  void theCatalogShowsWhatMayBePulled() throws Exception {
    callers.with("all", "all", "hidden", Action.values()).with("all", "all", "team", Action.PULL);
    Bytes blob = Bytes.utf8("x");
    registry
        .send(
            "POST",
            "/v2/hidden/blobs/uploads/?digest=" + digest(blob),
            blob,
            "authorization",
            basic("all", "all"))
        .is(201);
    registry
        .send(
            "POST",
            UPLOADS + "?digest=" + digest(blob),
            blob,
            "authorization",
            basic("pusher", "secret"))
        .is(201);
    registry.get("/v2/_catalog").is(401);
    assertThat(names("reader", "please")).containsExactly("team/app");
    assertThat(names("all", "all")).containsExactly("hidden", "team/app");
  }

  private List<String> names(String user, String password) throws Exception {
    return registry
        .get("/v2/_catalog", "authorization", basic(user, password))
        .is(200)
        .json()
        .array("repositories")
        .strings()
        .toList();
  }
}
