package dev.nacelle.image.distribution;

import static dev.nacelle.image.distribution.RunningRegistry.digest;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import dev.nacelle.image.distribution.RunningRegistry.Answer;
import dev.nacelle.image.registry.MediaTypes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may lay traces beside images may do that, and change nothing else. */
final class TraceRightTest {
  private static final String TRACE = "test/trace";
  private static final String NODE = basic("node", "n");
  private static final String PUSHER = basic("pusher", "p");
  private static final String OWNER = basic("owner", "o");
  private static final String MANIFESTS = "/v2/team/app/manifests/";
  private static final String UPLOADS = "/v2/team/app/blobs/uploads/";

  @TempDir Path directory;
  private final NamedCallers callers =
      new NamedCallers()
          .with("node", "n", "team", Action.PULL, Action.TRACE)
          .with("node", "n", "hidden", Action.TRACE)
          .with("pusher", "p", "team", Action.PULL, Action.PUSH, Action.TRACE)
          .with("owner", "o", "team", Action.PULL, Action.PUSH, Action.DELETE);
  private RunningRegistry registry;
  private String image = "";

  /** A trace of tests has {@code good} as its layer, of three bytes at most. */
  private static final class Rules implements TraceRules {
    @Override
    public boolean isTrace(String artifactType) {
      return artifactType.equals(TRACE);
    }

    @Override
    public long mostBlobBytes() {
      return 1000;
    }

    @Override
    public Optional<String> objection(
        RegistryContent content, RepositoryName repository, Bytes manifest) {
      return manifest.toUtf8().contains(digest(Bytes.utf8("good")))
          ? Optional.empty()
          : Optional.of("it is not good");
    }
  }

  private static String basic(String user, String password) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
  }

  @BeforeEach
  void open() throws Exception {
    registry = RunningRegistry.open(directory, callers, new Rules());
    for (String blob : new String[] {"{}", "layer"}) {
      push(OWNER, blob).is(201);
    }
    Bytes manifest = RunningRegistry.image("{}", "layer", "");
    image = digest(manifest);
    put(OWNER, "v1", manifest).is(201);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private Answer push(String who, String blob) throws Exception {
    return registry.send(
        "POST",
        UPLOADS + "?digest=" + digest(Bytes.utf8(blob)),
        Bytes.utf8(blob),
        "authorization",
        who);
  }

  private Answer put(String who, String reference, Bytes manifest) throws Exception {
    return registry.send(
        "PUT",
        MANIFESTS + reference,
        manifest,
        "content-type",
        MediaTypes.OCI_MANIFEST,
        "authorization",
        who);
  }

  private Answer putByDigest(String who, Bytes manifest) throws Exception {
    return put(who, digest(manifest), manifest);
  }

  private Answer delete(String who, String reference) throws Exception {
    return registry.send("DELETE", MANIFESTS + reference, "authorization", who);
  }

  private Bytes artifact(String type, String layer, String subject) {
    return RunningRegistry.image(
        "{}",
        layer,
        ",\"artifactType\":\"%s\",\"subject\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1}"
            .formatted(type, MediaTypes.OCI_MANIFEST, subject));
  }

  private Bytes trace() {
    return artifact(TRACE, "good", image);
  }

  @Test
  void aTraceIsLaidBesideItsImageAndTakenAwayAgain() throws Exception {
    push(NODE, "good").is(201);
    putByDigest(NODE, trace()).is(201);
    assertThat(
            registry
                .get("/v2/team/app/referrers/" + image, "authorization", NODE)
                .is(200)
                .json()
                .array("manifests")
                .size())
        .isEqualTo(1);
    delete(NODE, digest(trace())).is(202);
    delete(NODE, digest(trace())).refuses(404, ErrorCode.MANIFEST_UNKNOWN);
  }

  @Test
  void aTokenForPushingIsOneForTraces() throws Exception {
    String token =
        registry
            .get("/token?scope=repository:team/app:pull,push", "authorization", NODE)
            .is(200)
            .json()
            .string("token")
            .orElseThrow();
    push("Bearer " + token, "good").is(201);
    putByDigest("Bearer " + token, trace()).is(201);
    put("Bearer " + token, "v2", trace()).refuses(403, ErrorCode.DENIED);
    delete("Bearer " + token, digest(trace())).is(202);
    callers.revoke("node", "team");
    push("Bearer " + token, "good").refuses(403, ErrorCode.DENIED);
  }

  @Test
  void noTagIsSetOrTakenAway() throws Exception {
    push(NODE, "good").is(201);
    put(NODE, "v1", trace()).refuses(403, ErrorCode.DENIED);
    put(NODE, digest(trace()) + "?tag=v1", trace()).refuses(403, ErrorCode.DENIED);
    delete(NODE, "v1").refuses(403, ErrorCode.DENIED);
    assertThat(
            registry
                .get(MANIFESTS + "v1", "authorization", NODE)
                .is(200)
                .header("docker-content-digest"))
        .isEqualTo(image);
  }

  @Test
  void whoMayPushButNotDeleteIsToldJustThat() throws Exception {
    for (String reference : List.of("v1", image)) {
      assertThat(delete(PUSHER, reference).refuses(403, ErrorCode.DENIED).body().toUtf8())
          .contains("pusher may not delete in team/app")
          .doesNotContain("traces");
      assertThat(delete(NODE, reference).refuses(403, ErrorCode.DENIED).body().toUtf8())
          .contains("only traces may be changed in team/app");
    }
    push(PUSHER, "good").is(201);
    putByDigest(PUSHER, trace()).is(201);
    delete(PUSHER, digest(trace())).is(202);
  }

  @Test
  void noImageIsPushedOrDeleted() throws Exception {
    Bytes other = RunningRegistry.image("{}", "layer", ",\"annotations\":{\"a\":\"b\"}");
    putByDigest(NODE, other).refuses(403, ErrorCode.DENIED);
    Bytes index =
        Bytes.utf8(
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"artifactType\":\"%s\",\"manifests\":[]}"
                .formatted(MediaTypes.OCI_INDEX, TRACE));
    registry
        .send(
            "PUT",
            MANIFESTS + digest(index),
            index,
            "content-type",
            MediaTypes.OCI_INDEX,
            "authorization",
            NODE)
        .refuses(403, ErrorCode.DENIED);
    delete(NODE, image).refuses(403, ErrorCode.DENIED);
    registry
        .send("DELETE", "/v2/team/app/blobs/" + digest(Bytes.utf8("layer")), "authorization", NODE)
        .refuses(403, ErrorCode.DENIED);
  }

  @Test
  void nothingElseIsSaidOfAnImage() throws Exception {
    push(NODE, "good").is(201);
    putByDigest(NODE, artifact("application/vnd.nacelle.stream.v1", "good", image))
        .refuses(403, ErrorCode.DENIED);
    putByDigest(NODE, artifact(TRACE, "good", digest(Bytes.utf8("no such image"))))
        .refuses(403, ErrorCode.DENIED);
    push(NODE, "bad").is(201);
    Answer bad = putByDigest(NODE, artifact(TRACE, "bad", image));
    bad.refuses(403, ErrorCode.DENIED);
    assertThat(bad.body().toUtf8()).contains("it is not good");
    Bytes signature = artifact("test/signature", "good", image);
    putByDigest(OWNER, signature).is(201);
    delete(NODE, digest(signature)).refuses(403, ErrorCode.DENIED);
  }

  @Test
  void aTraceThatATagLeadsToStays() throws Exception {
    push(NODE, "good").is(201);
    put(OWNER, "kept", trace()).is(201);
    delete(NODE, digest(trace())).refuses(403, ErrorCode.DENIED);
  }

  @Test
  void blobsAreAsLargeAsThoseOfTracesHoweverTheyCome() throws Exception {
    push(NODE, "x".repeat(1001)).refuses(413, ErrorCode.SIZE_INVALID);
    push(OWNER, "x".repeat(1001)).is(201);
    Answer begun = registry.send("POST", UPLOADS, "authorization", NODE).is(202);
    String place = begun.header("location");
    registry.send("PATCH", place, Bytes.utf8("y".repeat(600)), "authorization", NODE).is(202);
    registry
        .send("PATCH", place, Bytes.utf8("y".repeat(600)), "authorization", NODE)
        .refuses(413, ErrorCode.SIZE_INVALID);
  }

  @Test
  void noBlobIsMountedFromElsewhere() throws Exception {
    callers.with("owner", "o", "other", Action.values());
    callers.with("node", "n", "other", Action.PULL, Action.TRACE);
    Bytes blob = Bytes.utf8("elsewhere");
    registry
        .send(
            "POST", "/v2/other/blobs/uploads/?digest=" + digest(blob), blob, "authorization", OWNER)
        .is(201);
    registry
        .send("POST", UPLOADS + "?mount=" + digest(blob) + "&from=other", "authorization", NODE)
        .is(202);
  }

  @Test
  void whoMayNotPullMayLayNoTraces() throws Exception {
    registry
        .send("POST", "/v2/hidden/blobs/uploads/", "authorization", NODE)
        .refuses(403, ErrorCode.DENIED);
  }
}
