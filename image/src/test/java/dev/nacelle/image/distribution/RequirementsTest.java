package dev.nacelle.image.distribution;

import static dev.nacelle.image.distribution.RunningRegistry.digest;
import static dev.nacelle.image.distribution.RunningRegistry.image;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.distribution.RunningRegistry.Answer;
import dev.nacelle.image.registry.MediaTypes;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The requirements of the distribution specification that {@link SpecificationTest} leaves. */
final class RequirementsTest {
  private static final String UNKNOWN = digest(Bytes.utf8("nowhere"));
  private static final String BLOBS = "/v2/team/app/blobs/";
  private static final String UPLOADS = BLOBS + "uploads/";
  private static final String MANIFESTS = "/v2/team/app/manifests/";
  private static final String REFERRERS = "/v2/team/app/referrers/";

  @TempDir Path directory;
  private RunningRegistry registry;

  @BeforeEach
  void open() throws Exception {
    registry = RunningRegistry.open(directory);
    registry.pushBlob("team/app", "{}");
    registry.pushBlob("team/app", "layer");
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private Answer put(String reference, String type, Bytes manifest) throws Exception {
    return registry.send("PUT", MANIFESTS + reference, manifest, "content-type", type);
  }

  private static String subject(String digest) {
    return ",\"subject\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1}"
        .formatted(MediaTypes.OCI_MANIFEST, digest);
  }

  private List<JsonObject> referrers(String subject) throws Exception {
    return registry.get(REFERRERS + subject).is(200).json().array("manifests").objects().toList();
  }

  @Test
  void componentsOfANameAreJoinedByDotsDashesAndUnderscores() throws Exception {
    for (String name : List.of("a.b", "a_b", "a__b", "a-b", "a---b/c.d/0", "a".repeat(255))) {
      registry.get("/v2/" + name + "/tags/list").refuses(404, ErrorCode.NAME_UNKNOWN);
    }
    for (String name : List.of("a___b", "a.-b", "a/", "a/-b", "a/b_")) {
      registry.get("/v2/" + name + "/tags/list").refuses(400, ErrorCode.NAME_INVALID);
    }
  }

  @Test
  void aTagHas128CharactersAtMost() throws Exception {
    String tag = "_aZ09.-" + "x".repeat(121);
    put(tag, MediaTypes.OCI_MANIFEST, image("{}", "layer", "")).is(201);
    registry.get(MANIFESTS + tag).is(200);
    put(tag + "x", MediaTypes.OCI_MANIFEST, image("{}", "layer", ""))
        .refuses(400, ErrorCode.MANIFEST_INVALID);
  }

  @Test
  void aManifestIsStoredUnderATagOrADigestAndNothingElse() throws Exception {
    Bytes manifest = image("{}", "layer", "");
    for (String reference : List.of("-v1", "v1+2")) {
      put(reference, MediaTypes.OCI_MANIFEST, manifest).refuses(400, ErrorCode.MANIFEST_INVALID);
    }
    for (String reference : List.of("md5:00", "sha256:12")) {
      put(reference, MediaTypes.OCI_MANIFEST, manifest).refuses(400, ErrorCode.DIGEST_INVALID);
    }
  }

  @Test
  void headTellsDigestAndSizeAndWhatIsNotThere() throws Exception {
    Bytes manifest = image("{}", "layer", "");
    put("v1", MediaTypes.OCI_MANIFEST, manifest).is(201);
    Answer ofManifest = registry.send("HEAD", MANIFESTS + "v1").is(200);
    assertThat(ofManifest.header("docker-content-digest")).isEqualTo(digest(manifest));
    assertThat(ofManifest.header("content-length"))
        .isEqualTo(Integer.toString(manifest.sizeBytes()));
    Answer ofBlob = registry.send("HEAD", BLOBS + digest(Bytes.utf8("layer"))).is(200);
    assertThat(ofBlob.header("docker-content-digest")).isEqualTo(digest(Bytes.utf8("layer")));
    assertThat(ofBlob.header("content-length")).isEqualTo("5");
    for (String path : List.of(MANIFESTS + "v2", MANIFESTS + UNKNOWN, BLOBS + UNKNOWN)) {
      registry.send("HEAD", path).is(404);
    }
    registry.send("HEAD", "/v2/nobody/manifests/v1").is(404);
  }

  @Test
  void anUploadHasAnIdOfItsOwnAndPiecesOfAnySize() throws Exception {
    Answer begun = registry.send("POST", UPLOADS).is(202);
    UUID id = UUID.fromString(begun.header("docker-upload-uuid"));
    assertThat(begun.header("location")).isEqualTo(UPLOADS + id);
    assertThat(registry.send("POST", UPLOADS).is(202).header("location"))
        .isNotEqualTo(begun.header("location"));
    assertThat(begun.header("oci-chunk-min-length")).isEmpty();
    String place = begun.header("location");
    for (int i = 0; i < 3; i++) {
      Answer taken =
          registry.send("PATCH", place, Bytes.utf8("x"), "content-range", i + "-" + i).is(202);
      assertThat(taken.header("range")).isEqualTo("0-" + i);
      place = taken.header("location");
    }
    Answer done = registry.send("PUT", place + "?digest=" + digest(Bytes.utf8("xxx"))).is(201);
    assertThat(registry.get(done.header("location")).is(200).body().toUtf8()).isEqualTo("xxx");
  }

  @Test
  void theFirstPieceBeginsAtZero() throws Exception {
    String place = registry.send("POST", UPLOADS).is(202).header("location");
    Answer refused =
        registry
            .send("PATCH", place, Bytes.utf8("abc"), "content-range", "1-3")
            .refuses(416, ErrorCode.BLOB_UPLOAD_INVALID);
    assertThat(refused.header("location")).isEqualTo(place);
  }

  @Test
  void aBlobInOneRequestHasTheDigestItSays() throws Exception {
    Bytes body = Bytes.utf8("content");
    registry
        .send("POST", UPLOADS + "?digest=" + UNKNOWN, body)
        .refuses(400, ErrorCode.DIGEST_INVALID);
    registry.get(BLOBS + UNKNOWN).refuses(404, ErrorCode.BLOB_UNKNOWN);
    Answer done = registry.send("POST", UPLOADS + "?digest=" + digest(body), body).is(201);
    assertThat(registry.get(done.header("location")).is(200).body()).isEqualTo(body);
  }

  @Test
  void aMountTellsTheDigest() throws Exception {
    String blob = registry.pushBlob("team/base", "shared");
    Answer mounted = registry.send("POST", UPLOADS + "?mount=" + blob + "&from=team/base").is(201);
    assertThat(mounted.header("docker-content-digest")).isEqualTo(blob);
    assertThat(registry.get(mounted.header("location")).is(200).body().toUtf8())
        .isEqualTo("shared");
  }

  @Test
  void aManifestIsKeptByteForByte() throws Exception {
    Bytes manifest = Bytes.utf8(" \n" + image("{}", "layer", ", \"x\" : 1e0").toUtf8() + "\r\n ");
    Answer stored = put(digest(manifest), MediaTypes.OCI_MANIFEST, manifest).is(201);
    assertThat(stored.header("docker-content-digest")).isEqualTo(digest(manifest));
    assertThat(registry.get(stored.header("location")).is(200).body()).isEqualTo(manifest);
  }

  @Test
  void parametersOfAContentTypeAreNotKept() throws Exception {
    put("v1", MediaTypes.OCI_MANIFEST + "; charset=utf-8", image("{}", "layer", "")).is(201);
    assertThat(registry.get(MANIFESTS + "v1").header("content-type"))
        .isEqualTo(MediaTypes.OCI_MANIFEST);
  }

  @Test
  void aManifestIsOfTheTypeThatItSays() throws Exception {
    put("v1", MediaTypes.DOCKER_MANIFEST, image("{}", "layer", ""))
        .refuses(400, ErrorCode.MANIFEST_INVALID);
  }

  @Test
  void aManifestMayHaveNoLayers() throws Exception {
    String text =
        image("{}", "layer", "").toUtf8().replaceAll("\"layers\":\\[.*\\]", "\"layers\":[]");
    put("empty", MediaTypes.OCI_MANIFEST, Bytes.utf8(text)).is(201);
  }

  @Test
  void aReferrerMayComeBeforeItsSubject() throws Exception {
    Bytes image = image("{}", "layer", "");
    String bill = registry.pushReferrer("team/app", digest(image), "application/x.bill");
    put("v1", MediaTypes.OCI_MANIFEST, image).is(201);
    assertThat(referrers(digest(image)).stream().map(r -> r.string("digest").orElse("")))
        .containsExactly(bill);
  }

  @Test
  void theTypeOfAReferrerThatSaysNoneIsThatOfItsConfiguration() throws Exception {
    put("about", MediaTypes.OCI_MANIFEST, image("{}", "layer", subject(UNKNOWN))).is(201);
    assertThat(referrers(UNKNOWN))
        .singleElement()
        .satisfies(
            r ->
                assertThat(r.string("artifactType"))
                    .contains("application/vnd.oci.image.config.v1+json"));
  }

  @Test
  void anIndexThatSaysNoTypeIsListedWithoutOne() throws Exception {
    Bytes index =
        Bytes.utf8(
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[],\"annotations\":{\"a\":\"b\"}%s}"
                .formatted(MediaTypes.OCI_INDEX, subject(UNKNOWN)));
    assertThat(put(digest(index), MediaTypes.OCI_INDEX, index).is(201).header("oci-subject"))
        .isEqualTo(UNKNOWN);
    JsonObject listed = referrers(UNKNOWN).getFirst();
    assertThat(listed.string("mediaType")).contains(MediaTypes.OCI_INDEX);
    assertThat(listed.has("artifactType")).isFalse();
    assertThat(listed.strings("annotations")).containsEntry("a", "b");
  }

  @Test
  void referrersComeByPages() throws Exception {
    RepositoryName repository = RepositoryName.parse("team/app").orElseThrow();
    for (int i = 0; i < 501; i++) {
      registry
          .registry()
          .content()
          .putManifest(
              repository,
              MediaTypes.OCI_MANIFEST,
              image("{}", "layer", ",\"x\":" + i + subject(UNKNOWN)),
              List.of());
    }
    Answer first = registry.get(REFERRERS + UNKNOWN).is(200);
    assertThat(first.json().array("manifests").size()).isEqualTo(500);
    assertThat(first.header("link")).startsWith("<" + REFERRERS).endsWith(">; rel=\"next\"");
    String next = first.header("link").replaceAll("<([^>]*)>.*", "$1");
    Answer second = registry.get(next).is(200);
    assertThat(second.json().array("manifests").size()).isEqualTo(1);
    assertThat(second.header("link")).isEmpty();
  }

  @Test
  void whatAListBehindATagNamesIsListedToo() throws Exception {
    String bill = registry.pushReferrer("team/app", UNKNOWN, "application/x.bill");
    int sizeBytes = registry.get(MANIFESTS + bill).is(200).body().sizeBytes();
    Bytes index =
        Bytes.utf8(
            "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}]}"
                .formatted(MediaTypes.OCI_INDEX, MediaTypes.OCI_MANIFEST, bill, sizeBytes));
    put(UNKNOWN.replace(':', '-'), MediaTypes.OCI_INDEX, index).is(201);
    assertThat(referrers(UNKNOWN).stream().map(r -> r.string("digest").orElse("")))
        .containsExactly(bill);
  }

  @Test
  void noTagsAreAskedForAndNoneCome() throws Exception {
    put("v1", MediaTypes.OCI_MANIFEST, image("{}", "layer", "")).is(201);
    Answer none = registry.get("/v2/team/app/tags/list?n=0").is(200);
    assertThat(none.json().array("tags").size()).isZero();
    assertThat(none.header("link")).isEmpty();
  }

  @Test
  void aPageOfANumberThatIsNoneIsRefused() throws Exception {
    for (String n : List.of("-1", "abc", "1.5", "", "9".repeat(40))) {
      for (String path : List.of("/v2/team/app/tags/list", "/v2/_catalog")) {
        registry.get(path + "?n=" + n).refuses(400, ErrorCode.PAGINATION_NUMBER_INVALID);
      }
    }
  }

  @Test
  void aDeletedManifestIsGoneUnderItsTagsToo() throws Exception {
    Bytes image = image("{}", "layer", "");
    put("v1", MediaTypes.OCI_MANIFEST, image).is(201);
    registry.send("DELETE", MANIFESTS + digest(image)).is(202);
    registry.get(MANIFESTS + "v1").refuses(404, ErrorCode.MANIFEST_UNKNOWN);
    registry.get(MANIFESTS + digest(image)).refuses(404, ErrorCode.MANIFEST_UNKNOWN);
  }

  @Test
  void inARepositoryThatIsNoneNothingIsDeleted() throws Exception {
    for (String path : List.of("manifests/v1", "manifests/" + UNKNOWN, "blobs/" + UNKNOWN)) {
      registry.send("DELETE", "/v2/nobody/" + path).refuses(404, ErrorCode.NAME_UNKNOWN);
    }
  }

  @Test
  void errorsAreAListOfCodeMessageAndDetail() throws Exception {
    for (String path : List.of(MANIFESTS + "v2", BLOBS + UNKNOWN, "/v2/Team/tags/list")) {
      JsonObject error = registry.get(path).json().array("errors").objects().toList().getFirst();
      assertThat(error.string("code").orElse("")).matches("[A-Z_]+");
      assertThat(error.string("message").orElse("")).isNotBlank();
      assertThat(error.has("detail")).isTrue();
    }
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(code.name()).matches("[A-Z_]+");
    }
  }
}
