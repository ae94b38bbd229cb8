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
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The four workflow categories of the OCI distribution specification 1.1, endpoint by endpoint. */
class SpecificationTest {
  private static final String UNKNOWN = digest(Bytes.utf8("nowhere"));
  private static final String UPLOADS = "/v2/team/app/blobs/uploads/";

  @TempDir Path directory;
  private RunningRegistry registry;

  @BeforeEach
  void open() throws Exception {
    registry = RunningRegistry.open(directory);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private Answer putManifest(String reference, Bytes body) throws Exception {
    return registry.send(
        "PUT",
        "/v2/team/app/manifests/" + reference,
        body,
        "content-type",
        MediaTypes.OCI_MANIFEST);
  }

  private String begin() throws Exception {
    Answer answer = registry.send("POST", UPLOADS).is(202);
    assertThat(answer.header("range")).isEqualTo("0-0");
    return answer.header("location");
  }

  @Nested
  class Pull {
    @Test
    void end1SaysThatTheRegistrySpeaksTheSpecification() throws Exception {
      for (String path : List.of("/v2/", "/v2")) {
        Answer answer = registry.get(path).is(200);
        assertThat(answer.header("docker-distribution-api-version")).isEqualTo("registry/2.0");
      }
    }

    @Test
    void end2GivesABlobWithItsDigestAndLength() throws Exception {
      String blob = registry.pushBlob("team/app", "hello");
      Answer got = registry.get("/v2/team/app/blobs/" + blob).is(200);
      assertThat(got.body()).isEqualTo(Bytes.utf8("hello"));
      assertThat(got.header("docker-content-digest")).isEqualTo(blob);
      Answer head = registry.send("HEAD", "/v2/team/app/blobs/" + blob).is(200);
      assertThat(head.header("content-length")).isEqualTo("5");
      assertThat(head.body()).isEqualTo(Bytes.EMPTY);
    }

    @Test
    void end2DoesNotKnowABlobOfAnotherRepository() throws Exception {
      String blob = registry.pushBlob("team/other", "hello");
      registry.pushBlob("team/app", "mine");
      registry.get("/v2/team/app/blobs/" + blob).refuses(404, ErrorCode.BLOB_UNKNOWN);
      registry.get("/v2/nobody/blobs/" + blob).refuses(404, ErrorCode.NAME_UNKNOWN);
      registry.send("HEAD", "/v2/team/app/blobs/" + blob).is(404);
    }

    @Test
    void end2GivesPartsOfABlob() throws Exception {
      String path = "/v2/team/app/blobs/" + registry.pushBlob("team/app", "0123456789");
      Answer part = registry.get(path, "range", "bytes=2-4").is(206);
      assertThat(part.body()).isEqualTo(Bytes.utf8("234"));
      assertThat(part.header("content-range")).isEqualTo("bytes 2-4/10");
      assertThat(registry.get(path, "range", "bytes=7-").is(206).body().toUtf8()).isEqualTo("789");
      assertThat(registry.get(path, "range", "bytes=-2").is(206).body().toUtf8()).isEqualTo("89");
      assertThat(registry.get(path, "range", "bytes=8-99").is(206).body().toUtf8()).isEqualTo("89");
      Answer beyond = registry.get(path, "range", "bytes=10-").refuses(416, ErrorCode.SIZE_INVALID);
      assertThat(beyond.header("content-range")).isEqualTo("bytes */10");
      registry.get(path, "range", "bytes=5-2").is(200);
      registry.get(path, "range", "bytes=1-2", "if-range", "\"other\"").is(200);
    }

    @Test
    void end2And3AnswerThatNothingChanged() throws Exception {
      String manifest = registry.pushImage("team/app", "v1", "layer");
      for (String path : List.of("blobs/" + digest(Bytes.utf8("layer")), "manifests/v1")) {
        Answer first = registry.get("/v2/team/app/" + path).is(200);
        Answer again =
            registry.get("/v2/team/app/" + path, "if-none-match", first.header("etag")).is(304);
        assertThat(again.body()).isEqualTo(Bytes.EMPTY);
      }
      assertThat(registry.get("/v2/team/app/manifests/v1").header("etag"))
          .isEqualTo("\"" + manifest + "\"");
    }

    @Test
    void end3GivesAManifestByTagAndByDigest() throws Exception {
      String manifest = registry.pushImage("team/app", "v1", "layer");
      for (String reference : List.of("v1", manifest)) {
        Answer got = registry.get("/v2/team/app/manifests/" + reference).is(200);
        assertThat(digest(got.body())).isEqualTo(manifest);
        assertThat(got.header("content-type")).isEqualTo(MediaTypes.OCI_MANIFEST);
        assertThat(got.header("docker-content-digest")).isEqualTo(manifest);
        Answer head = registry.send("HEAD", "/v2/team/app/manifests/" + reference).is(200);
        assertThat(head.header("content-length"))
            .isEqualTo(Integer.toString(got.body().sizeBytes()));
        assertThat(head.header("content-type")).isEqualTo(MediaTypes.OCI_MANIFEST);
      }
    }

    @Test
    void end3DoesNotKnowWhatIsNotThere() throws Exception {
      registry.pushImage("team/app", "v1", "layer");
      registry.get("/v2/team/app/manifests/v2").refuses(404, ErrorCode.MANIFEST_UNKNOWN);
      registry.get("/v2/team/app/manifests/" + UNKNOWN).refuses(404, ErrorCode.MANIFEST_UNKNOWN);
      registry.get("/v2/nobody/manifests/v1").refuses(404, ErrorCode.NAME_UNKNOWN);
    }

    @Test
    void namesTagsAndDigestsFollowTheGrammar() throws Exception {
      for (String name : List.of("Team", "a//b", "-a", "a_", ".", "..", "a/../b", "a..b")) {
        registry.get("/v2/" + name + "/tags/list").refuses(400, ErrorCode.NAME_INVALID);
      }
      registry.get("/v2/" + "a".repeat(256) + "/tags/list").refuses(400, ErrorCode.NAME_INVALID);
      for (String digest :
          List.of("sha256:12", "md5:00", "sha256", UNKNOWN.toUpperCase(Locale.ROOT))) {
        registry.get("/v2/team/app/blobs/" + digest).refuses(400, ErrorCode.DIGEST_INVALID);
      }
      for (String tag : List.of(".v1", "-v1", "v1+2", "a".repeat(129))) {
        registry.get("/v2/team/app/manifests/" + tag).refuses(400, ErrorCode.MANIFEST_INVALID);
      }
    }
  }

  @Nested
  class Push {
    @Test
    void end4aAnd6PushABlobByPostAndPut() throws Exception {
      Bytes body = Bytes.utf8("content");
      Answer done = registry.send("PUT", begin() + "?digest=" + digest(body), body).is(201);
      assertThat(done.header("location")).isEqualTo("/v2/team/app/blobs/" + digest(body));
      assertThat(registry.get(done.header("location")).is(200).body()).isEqualTo(body);
    }

    @Test
    void end4bPushesABlobInOneRequest() throws Exception {
      Bytes body = Bytes.utf8("content");
      Answer done = registry.send("POST", UPLOADS + "?digest=" + digest(body), body).is(201);
      assertThat(done.header("location")).isEqualTo("/v2/team/app/blobs/" + digest(body));
      assertThat(done.header("docker-content-digest")).isEqualTo(digest(body));
    }

    @Test
    void end5And6PushABlobInPieces() throws Exception {
      String place = begin();
      Answer first =
          registry.send("PATCH", place, Bytes.utf8("abc"), "content-range", "0-2").is(202);
      assertThat(first.header("range")).isEqualTo("0-2");
      Answer second =
          registry
              .send("PATCH", first.header("location"), Bytes.utf8("de"), "content-range", "3-4")
              .is(202);
      assertThat(second.header("range")).isEqualTo("0-4");
      String digest = digest(Bytes.utf8("abcdefg"));
      registry
          .send(
              "PUT",
              second.header("location") + "?digest=" + digest,
              Bytes.utf8("fg"),
              "content-range",
              "5-6")
          .is(201);
      assertThat(registry.get("/v2/team/app/blobs/" + digest).body().toUtf8()).isEqualTo("abcdefg");
    }

    @Test
    void end5PushesAStreamWithoutRanges() throws Exception {
      String place = begin();
      registry.send("PATCH", place, Bytes.utf8("abc")).is(202);
      registry.send("PATCH", place, Bytes.utf8("def")).is(202);
      registry.send("PUT", place + "?digest=" + digest(Bytes.utf8("abcdef"))).is(201);
    }

    @Test
    void end5RefusesPiecesOutOfOrderWith416() throws Exception {
      String place = begin();
      registry.send("PATCH", place, Bytes.utf8("abc"), "content-range", "0-2").is(202);
      for (String range : List.of("0-2", "4-6", "2-4", "nonsense", "5-3")) {
        Answer refused =
            registry
                .send("PATCH", place, Bytes.utf8("def"), "content-range", range)
                .refuses(416, ErrorCode.BLOB_UPLOAD_INVALID);
        assertThat(refused.header("range")).isEqualTo("0-2");
        assertThat(refused.header("location")).isEqualTo(place);
      }
      registry
          .send(
              "PUT",
              place + "?digest=" + digest(Bytes.utf8("abcdef")),
              Bytes.utf8("def"),
              "content-range",
              "9-11")
          .is(416);
      registry
          .send("PATCH", place, Bytes.utf8("defg"), "content-range", "3-5")
          .refuses(400, ErrorCode.SIZE_INVALID);
      assertThat(registry.get(place).is(204).header("range")).isEqualTo("0-2");
    }

    @Test
    void end6RefusesAWrongDigest() throws Exception {
      String place = begin();
      registry
          .send("PUT", place + "?digest=" + UNKNOWN, Bytes.utf8("abc"))
          .refuses(400, ErrorCode.DIGEST_INVALID);
      registry.get("/v2/team/app/blobs/" + UNKNOWN).is(404);
      registry.send("PUT", begin(), Bytes.utf8("abc")).refuses(400, ErrorCode.DIGEST_INVALID);
      registry
          .send("PUT", begin() + "?digest=md5:12", Bytes.utf8("abc"))
          .refuses(400, ErrorCode.DIGEST_INVALID);
    }

    @Test
    void end11MountsABlobOfAnotherRepository() throws Exception {
      String blob = registry.pushBlob("team/base", "shared");
      Answer mounted =
          registry.send("POST", UPLOADS + "?mount=" + blob + "&from=team/base").is(201);
      assertThat(mounted.header("location")).isEqualTo("/v2/team/app/blobs/" + blob);
      registry.get("/v2/team/app/blobs/" + blob).is(200);
    }

    @Test
    void end11FallsBackToAnUpload() throws Exception {
      for (String query : List.of("?mount=" + UNKNOWN + "&from=team/base", "?mount=" + UNKNOWN)) {
        Answer begun = registry.send("POST", UPLOADS + query).is(202);
        Bytes body = Bytes.utf8("nowhere");
        registry.send("PUT", begun.header("location") + "?digest=" + UNKNOWN, body).is(201);
        registry.send("DELETE", "/v2/team/app/blobs/" + UNKNOWN).is(202);
      }
    }

    @Test
    void end13SaysHowMuchHasArrived() throws Exception {
      String place = begin();
      assertThat(registry.get(place).is(204).header("range")).isEqualTo("0-0");
      registry.send("PATCH", place, Bytes.utf8("abcd")).is(202);
      Answer state = registry.get(place).is(204);
      assertThat(state.header("range")).isEqualTo("0-3");
      assertThat(state.header("location")).isEqualTo(place);
    }

    @Test
    void uploadsAreCancelled() throws Exception {
      String place = begin();
      registry.send("DELETE", place).is(204);
      registry.get(place).refuses(404, ErrorCode.BLOB_UPLOAD_UNKNOWN);
      registry.send("PATCH", place, Bytes.utf8("x")).refuses(404, ErrorCode.BLOB_UPLOAD_UNKNOWN);
      assertThat(registry.registry().usage().uploads()).isZero();
    }

    @Test
    void anUploadBelongsToItsRepository() throws Exception {
      String place = begin().replace("team/app", "team/other");
      registry.get(place).refuses(404, ErrorCode.BLOB_UPLOAD_UNKNOWN);
      registry.get(UPLOADS + "..").refuses(404, ErrorCode.BLOB_UPLOAD_UNKNOWN);
    }

    @Test
    void end7StoresAManifestUnderATag() throws Exception {
      registry.pushBlob("team/app", "{}");
      registry.pushBlob("team/app", "layer");
      Bytes body = image("{}", "layer", "");
      Answer stored = putManifest("v1", body).is(201);
      assertThat(stored.header("location")).isEqualTo("/v2/team/app/manifests/v1");
      assertThat(stored.header("docker-content-digest")).isEqualTo(digest(body));
      assertThat(stored.header("oci-subject")).isEmpty();
      putManifest(UNKNOWN, body).refuses(400, ErrorCode.DIGEST_INVALID);
    }

    @Test
    void end7KnowsThePartsOfAManifest() throws Exception {
      registry.pushBlob("team/app", "{}");
      putManifest("v1", image("{}", "layer", "")).refuses(404, ErrorCode.MANIFEST_BLOB_UNKNOWN);
      registry.pushBlob("team/app", "layer");
      Bytes wrongSize =
          Bytes.utf8(image("{}", "layer", "").toUtf8().replace("\"size\":5", "\"size\":6"));
      putManifest("v1", wrongSize).refuses(400, ErrorCode.SIZE_INVALID);
    }

    @Test
    void end7RefusesWhatIsNoManifest() throws Exception {
      for (String text :
          List.of(
              "",
              "no json",
              "[]",
              "{}",
              "{\"schemaVersion\":1}",
              "{\"schemaVersion\":2}",
              "{\"schemaVersion\":2,\"config\":{},\"layers\":[]}",
              "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:x\",\"size\":1},\"layers\":[]}",
              "{\"schemaVersion\":2,\"mediaType\":\"application/other\"}",
              "[".repeat(100_000))) {
        putManifest("v1", Bytes.utf8(text)).refuses(400, ErrorCode.MANIFEST_INVALID);
      }
      registry
          .send(
              "PUT",
              "/v2/team/app/manifests/v1",
              Bytes.utf8("{\"schemaVersion\":2}"),
              "content-type",
              "text/html")
          .refuses(400, ErrorCode.MANIFEST_INVALID);
    }

    @Test
    void end7TakesManifestsOfFourMebibytesAndNoMore() throws Exception {
      registry.pushBlob("team/app", "{}");
      registry.pushBlob("team/app", "layer");
      int room = (4 << 20) - image("{}", "layer", ",\"x\":\"\"").sizeBytes();
      putManifest("large", image("{}", "layer", ",\"x\":\"" + "x".repeat(room) + "\"")).is(201);
      assertThat(registry.get("/v2/team/app/manifests/large").is(200).body().sizeBytes())
          .isEqualTo(4 << 20);
      putManifest("larger", image("{}", "layer", ",\"x\":\"" + "x".repeat(room + 1) + "\""))
          .refuses(413, ErrorCode.SIZE_INVALID);
    }

    @Test
    void end7AnswersASubjectThatNeedNotBeThere() throws Exception {
      registry.pushReferrer("team/app", UNKNOWN, "application/x.signature");
    }

    @Test
    void end7StoresIndexesWhoseImagesAreThere() throws Exception {
      String image = registry.pushImage("team/app", "", "layer");
      int size = image("{}", "layer", "").sizeBytes();
      for (String type : List.of(MediaTypes.OCI_INDEX, MediaTypes.DOCKER_LIST)) {
        String index =
            """
            {"schemaVersion":2,"mediaType":"%s","manifests":[\
            {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d}]}"""
                .formatted(type, image, size);
        String path = "/v2/team/app/manifests/all";
        registry.send("PUT", path, Bytes.utf8(index), "content-type", type).is(201);
        assertThat(registry.get(path).header("content-type")).isEqualTo(type);
        registry
            .send("PUT", path, Bytes.utf8(index.replace(image, UNKNOWN)), "content-type", type)
            .refuses(404, ErrorCode.MANIFEST_BLOB_UNKNOWN);
      }
    }

    @Test
    void sha512ContentIsPushedAndPulled() throws Exception {
      Bytes body = Bytes.utf8("long digest");
      String digest = ContentDigest.of(ContentDigest.Algorithm.SHA512, body).toString();
      registry.send("PUT", begin() + "?digest=" + digest, body).is(201);
      assertThat(registry.get("/v2/team/app/blobs/" + digest).is(200).body()).isEqualTo(body);
    }

    @Test
    void methodsThatMakeNoSenseAreRefused() throws Exception {
      for (String path : List.of("/v2/", UPLOADS, "/v2/team/app/tags/list", "/v2/_catalog")) {
        Answer refused = registry.send("DELETE", path).refuses(405, ErrorCode.UNSUPPORTED);
        assertThat(refused.header("allow")).isNotEmpty();
      }
      registry.get("/elsewhere").refuses(404, ErrorCode.UNSUPPORTED);
    }
  }

  @Nested
  class ContentDiscovery {
    @Test
    void end8ListsTagsInTheirOrder() throws Exception {
      for (String tag : List.of("v10", "B", "a", "v2")) {
        registry.pushImage("team/app", tag, "layer");
      }
      JsonObject list = registry.get("/v2/team/app/tags/list").is(200).json();
      assertThat(list.string("name")).contains("team/app");
      assertThat(list.array("tags").strings()).containsExactly("a", "B", "v10", "v2");
      registry.get("/v2/nobody/tags/list").refuses(404, ErrorCode.NAME_UNKNOWN);
    }

    @Test
    void end8ListsTagsByPages() throws Exception {
      for (String tag : List.of("c", "a", "b")) {
        registry.pushImage("team/app", tag, "layer");
      }
      Answer first = registry.get("/v2/team/app/tags/list?n=2").is(200);
      assertThat(first.json().array("tags").strings()).containsExactly("a", "b");
      assertThat(first.header("link"))
          .isEqualTo("</v2/team/app/tags/list?n=2&last=b>; rel=\"next\"");
      Answer second = registry.get("/v2/team/app/tags/list?n=2&last=b").is(200);
      assertThat(second.json().array("tags").strings()).containsExactly("c");
      assertThat(second.header("link")).isEmpty();
      assertThat(registry.get("/v2/team/app/tags/list?n=0").json().array("tags").size()).isZero();
      assertThat(registry.get("/v2/team/app/tags/list?last=bb").json().array("tags").strings())
          .containsExactly("c");
    }

    @Test
    void end12ListsReferrers() throws Exception {
      String subject = registry.pushImage("team/app", "v1", "layer");
      String signature = registry.pushReferrer("team/app", subject, "application/x.signature");
      String bill = registry.pushReferrer("team/app", subject, "application/x.bill");
      Answer all = registry.get("/v2/team/app/referrers/" + subject).is(200);
      assertThat(all.header("content-type")).isEqualTo(MediaTypes.OCI_INDEX);
      assertThat(all.json().array("manifests").objects().map(m -> m.string("digest").orElse("")))
          .containsExactlyInAnyOrder(signature, bill);
      JsonObject one =
          all.json()
              .array("manifests")
              .objects()
              .filter(m -> m.string("digest").orElse("").equals(bill))
              .findFirst()
              .orElseThrow();
      assertThat(one.string("artifactType")).contains("application/x.bill");
      assertThat(one.strings("annotations")).containsEntry("a", "b");
      assertThat(one.string("mediaType")).contains(MediaTypes.OCI_MANIFEST);
      assertThat(one.integer("size"))
          .hasValue(registry.get("/v2/team/app/manifests/" + bill).body().sizeBytes());
    }

    @Test
    void end12FiltersByArtifactType() throws Exception {
      String subject = registry.pushImage("team/app", "v1", "layer");
      registry.pushReferrer("team/app", subject, "application/x.signature");
      String bill = registry.pushReferrer("team/app", subject, "application/x.bill");
      Answer some =
          registry
              .get("/v2/team/app/referrers/" + subject + "?artifactType=application/x.bill")
              .is(200);
      assertThat(some.header("oci-filters-applied")).isEqualTo("artifactType");
      assertThat(some.json().array("manifests").objects().map(m -> m.string("digest").orElse("")))
          .containsExactly(bill);
    }

    @Test
    void end12AnswersAnEmptyIndexForWhatIsUnknown() throws Exception {
      for (String repository : List.of("team/app", "nobody")) {
        Answer none = registry.get("/v2/" + repository + "/referrers/" + UNKNOWN).is(200);
        assertThat(none.json().integer("schemaVersion")).hasValue(2);
        assertThat(none.json().array("manifests").isEmpty()).isTrue();
      }
      registry.get("/v2/team/app/referrers/x").refuses(400, ErrorCode.DIGEST_INVALID);
    }

    @Test
    void theCatalogListsRepositoriesByPages() throws Exception {
      for (String name : List.of("b", "a", "a/c")) {
        registry.pushImage(name, "v1", "layer");
      }
      Answer first = registry.get("/v2/_catalog?n=2").is(200);
      assertThat(first.json().array("repositories").strings()).containsExactly("a", "a/c");
      assertThat(first.header("link")).isEqualTo("</v2/_catalog?n=2&last=a%2Fc>; rel=\"next\"");
      assertThat(registry.get("/v2/_catalog?n=2&last=a%2Fc").json().array("repositories").strings())
          .containsExactly("b");
    }
  }

  @Nested
  class ContentManagement {
    @Test
    void end9DeletesATagAlone() throws Exception {
      String manifest = registry.pushImage("team/app", "v1", "layer");
      registry.send("DELETE", "/v2/team/app/manifests/v1").is(202);
      registry.get("/v2/team/app/manifests/v1").refuses(404, ErrorCode.MANIFEST_UNKNOWN);
      registry.get("/v2/team/app/manifests/" + manifest).is(200);
      assertThat(registry.get("/v2/team/app/tags/list").json().array("tags").size()).isZero();
      registry.send("DELETE", "/v2/team/app/manifests/v1").refuses(404, ErrorCode.MANIFEST_UNKNOWN);
    }

    @Test
    void end9DeletesAManifestWithItsTags() throws Exception {
      String manifest = registry.pushImage("team/app", "v1", "layer");
      registry.pushImage("team/app", "also", "layer");
      registry.pushImage("team/app", "other", "another layer");
      registry.send("DELETE", "/v2/team/app/manifests/" + manifest).is(202);
      registry.get("/v2/team/app/manifests/" + manifest).is(404);
      assertThat(registry.get("/v2/team/app/tags/list").json().array("tags").strings())
          .containsExactly("other");
      registry
          .send("DELETE", "/v2/team/app/manifests/" + manifest)
          .refuses(404, ErrorCode.MANIFEST_UNKNOWN);
    }

    @Test
    void end9TakesAReferrerFromItsList() throws Exception {
      String subject = registry.pushImage("team/app", "v1", "layer");
      String bill = registry.pushReferrer("team/app", subject, "application/x.bill");
      registry.send("DELETE", "/v2/team/app/manifests/" + bill).is(202);
      Answer none = registry.get("/v2/team/app/referrers/" + subject).is(200);
      assertThat(none.json().array("manifests").isEmpty()).isTrue();
    }

    @Test
    void end10DeletesABlob() throws Exception {
      String blob = registry.pushBlob("team/app", "hello");
      registry.pushBlob("team/other", "hello");
      registry.send("DELETE", "/v2/team/app/blobs/" + blob).is(202);
      registry.get("/v2/team/app/blobs/" + blob).refuses(404, ErrorCode.BLOB_UNKNOWN);
      registry.send("DELETE", "/v2/team/app/blobs/" + blob).refuses(404, ErrorCode.BLOB_UNKNOWN);
      registry.get("/v2/team/other/blobs/" + blob).is(200);
    }
  }
}
