package dev.nacelle.image.distribution;

import static dev.nacelle.image.distribution.RunningRegistry.digest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.distribution.RegistryLimits.Untagged;
import dev.nacelle.image.registry.MediaTypes;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies on the disk: restarts, quotas, garbage. */
class RegistryStorageTest {
  private static final Duration GRACE = Duration.ofHours(1);
  private static final RegistryLimits LIMITS =
      RegistryLimits.DEFAULT.withGarbage(GRACE, Untagged.KEPT);

  @TempDir Path directory;
  private final SetClock clock = new SetClock();

  private RunningRegistry open(RegistryLimits limits) throws Exception {
    return RunningRegistry.open(directory, limits, RegistryAccess.OPEN, PushListener.NONE, clock);
  }

  private TreeSet<String> files() throws Exception {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString())
          .collect(java.util.stream.Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void aRestartFindsEverythingAgain() throws Exception {
    RegistryUsage before;
    String subject;
    String place;
    try (var registry = open(LIMITS)) {
      subject = registry.pushImage("team/app", "v1", "layer");
      registry.pushReferrer("team/app", subject, "application/x.bill");
      place = registry.send("POST", "/v2/team/app/blobs/uploads/").header("location");
      registry.send("PATCH", place, Bytes.utf8("half of")).is(202);
      before = registry.registry().usage();
    }
    TreeSet<String> files = files();
    try (var registry = open(LIMITS)) {
      assertThat(files()).isEqualTo(files);
      assertThat(registry.registry().usage()).isEqualTo(before);
      assertThat(digest(registry.get("/v2/team/app/manifests/v1").is(200).body()))
          .isEqualTo(subject);
      assertThat(registry.get("/v2/team/app/referrers/" + subject).json().array("manifests").size())
          .isEqualTo(1);
      assertThat(registry.get(place).is(204).header("range")).isEqualTo("0-6");
      registry.send("PATCH", place, Bytes.utf8(" a blob"), "content-range", "7-13").is(202);
      registry.send("PUT", place + "?digest=" + digest(Bytes.utf8("half of a blob"))).is(201);
    }
  }

  @Test
  void openingRemovesWhatLeadsNowhere() throws Exception {
    String manifest;
    try (var registry = open(LIMITS)) {
      manifest = registry.pushImage("team/app", "v1", "layer");
    }
    TreeSet<String> whole = files();
    var layout = new RegistryLayout(directory);
    var name = new RepositoryName("team/app");
    ContentDigest gone = ContentDigest.parse(digest(Bytes.utf8("gone"))).orElseThrow();
    for (Path torn :
        List.of(
            layout.type(name, gone),
            layout.referrer(name, gone, gone),
            layout.tags(name).resolve("dangling"),
            layout.tags(name).resolve(".v1.123.new"),
            layout.content(gone).resolveSibling(".draft.new"),
            layout.uploads().resolve("00000000-0000-0000-0000-000000000000/repository"),
            layout.uploads().resolve("nonsense/data"))) {
      Files.createDirectories(torn.getParent());
      Files.writeString(torn, gone.toString());
    }
    try (var registry = open(LIMITS)) {
      assertThat(files()).isEqualTo(whole);
      assertThat(digest(registry.get("/v2/team/app/manifests/v1").body())).isEqualTo(manifest);
    }
  }

  @Test
  void contentLiesOnceForAllRepositories() throws Exception {
    try (var registry = open(LIMITS)) {
      registry.pushImage("a/one", "v1", "the same layer");
      long total = registry.registry().usage().totalBytes();
      registry.pushImage("a/two", "v1", "the same layer");
      registry.pushImage("b", "v1", "the same layer");
      RegistryUsage usage = registry.registry().usage();
      assertThat(usage.totalBytes()).isEqualTo(total);
      assertThat(usage.namespaceBytes()).containsEntry("a", 2 * total).containsEntry("b", total);
      assertThat(usage.repositories()).isEqualTo(3);
    }
  }

  @Test
  void aNamespaceHasAQuota() throws Exception {
    try (var registry = open(LIMITS.withQuotas(Long.MAX_VALUE, 1_000))) {
      registry.pushBlob("team/app", "x".repeat(900));
      Bytes more = Bytes.utf8("y".repeat(200));
      registry
          .send("POST", "/v2/team/other/blobs/uploads/?digest=" + digest(more), more)
          .refuses(413, ErrorCode.DENIED);
      registry.pushBlob("elsewhere", "y".repeat(200));
      registry
          .send("POST", "/v2/team/app/blobs/uploads/?from=elsewhere&mount=" + digest(more))
          .refuses(413, ErrorCode.DENIED);
      assertThat(registry.registry().usage().namespaceBytes()).containsEntry("team", 900L);
      registry.send("DELETE", "/v2/team/app/blobs/" + digest(Bytes.utf8("x".repeat(900)))).is(202);
      registry.pushBlob("team/other", "y".repeat(200));
    }
  }

  @Test
  void whatIsMadeOfAnImageCountsAgainstTheQuotaOfItsNamespace() throws Exception {
    try (var registry = open(LIMITS.withQuotas(Long.MAX_VALUE, 1_000))) {
      registry.pushBlob("team/app", "x".repeat(500));
      RegistryContent content = registry.registry().content();
      var name = new RepositoryName("team/app");
      Bytes form = Bytes.utf8("y".repeat(300));
      content.putBlob(name, ContentDigest.parse(digest(form)).orElseThrow(), form.asInputStream());
      assertThat(registry.registry().usage().namespaceBytes()).containsEntry("team", 800L);
      Bytes more = Bytes.utf8("z".repeat(300));
      ContentDigest digest = ContentDigest.parse(digest(more)).orElseThrow();
      assertThatThrownBy(() -> content.putBlob(name, digest, more.asInputStream()))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.status()).isEqualTo(413));
      assertThat(registry.registry().usage().namespaceBytes()).containsEntry("team", 800L);
    }
  }

  @Test
  void theWholeRegistryHasAQuotaThatGarbageCollectionFrees() throws Exception {
    try (var registry = open(LIMITS.withQuotas(1_000, Long.MAX_VALUE))) {
      String blob = registry.pushBlob("a", "x".repeat(900));
      Bytes more = Bytes.utf8("y".repeat(200));
      String path = "/v2/b/blobs/uploads/?digest=" + digest(more);
      registry.send("POST", path, more).refuses(507, ErrorCode.DENIED);
      registry.send("DELETE", "/v2/a/blobs/" + blob).is(202);
      clock.pass(GRACE.plusSeconds(1));
      assertThat(registry.registry().collectGarbage()).isEqualTo(900);
      registry.send("POST", path, more).is(201);
      assertThat(registry.registry().usage().totalBytes()).isEqualTo(200);
    }
  }

  @Test
  void uploadsAreBoundedInNumberAndAge() throws Exception {
    Duration age = Duration.ofHours(2);
    try (var registry = open(LIMITS.withUploads(2, age))) {
      String place = registry.send("POST", "/v2/a/blobs/uploads/").is(202).header("location");
      registry.send("PATCH", place, Bytes.utf8("abc")).is(202);
      registry.send("POST", "/v2/a/blobs/uploads/").is(202);
      registry.send("POST", "/v2/a/blobs/uploads/").refuses(429, ErrorCode.TOOMANYREQUESTS);
      clock.pass(age.plusSeconds(1));
      registry.send("POST", "/v2/a/blobs/uploads/").is(202);
      registry.get(place).refuses(404, ErrorCode.BLOB_UPLOAD_UNKNOWN);
      assertThat(registry.registry().usage())
          .isEqualTo(new RegistryUsage(0, new java.util.TreeMap<>(), 0, 1));
    }
  }

  @Test
  void garbageIsWhatNoManifestNamesAndNobodyAskedForLately() throws Exception {
    try (var registry = open(LIMITS)) {
      registry.pushImage("team/app", "v1", "layer");
      String stale = registry.pushBlob("team/app", "stale");
      String asked = registry.pushBlob("team/app", "asked for");
      clock.pass(GRACE.plusSeconds(1));
      String fresh = registry.pushBlob("team/app", "fresh");
      registry.send("HEAD", "/v2/team/app/blobs/" + asked).is(200);
      assertThat(registry.registry().collectGarbage()).isEqualTo("stale".length());
      registry.get("/v2/team/app/blobs/" + stale).is(404);
      for (String kept : List.of(asked, fresh, digest(Bytes.utf8("layer")))) {
        registry.get("/v2/team/app/blobs/" + kept).is(200);
      }
    }
  }

  @Test
  void thePartsOfADeletedManifestStayForTheGraceTime() throws Exception {
    try (var registry = open(LIMITS)) {
      String manifest = registry.pushImage("team/app", "v1", "layer");
      clock.pass(GRACE.plusSeconds(1));
      registry.send("DELETE", "/v2/team/app/manifests/" + manifest).is(202);
      registry.registry().collectGarbage();
      registry.get("/v2/team/app/blobs/" + digest(Bytes.utf8("layer"))).is(200);
      clock.pass(GRACE.multipliedBy(2));
      registry.registry().collectGarbage();
      registry.get("/v2/team/app/blobs/" + digest(Bytes.utf8("layer"))).is(404);
      assertThat(registry.registry().usage())
          .isEqualTo(new RegistryUsage(0, new java.util.TreeMap<>(), 0, 0));
    }
  }

  @Test
  void contentThatOneRepositoryLetsGoStaysForTheOther() throws Exception {
    try (var registry = open(LIMITS)) {
      registry.pushImage("keeps", "v1", "layer");
      String manifest = registry.pushImage("lets-go", "v1", "layer");
      registry.send("DELETE", "/v2/lets-go/manifests/" + manifest).is(202);
      clock.pass(GRACE.multipliedBy(2));
      assertThat(registry.registry().collectGarbage()).isZero();
      registry.get("/v2/keeps/blobs/" + digest(Bytes.utf8("layer"))).is(200);
      registry.get("/v2/keeps/manifests/v1").is(200);
    }
  }

  @Test
  void untaggedManifestsGoOnlyWhereThatIsWanted() throws Exception {
    try (var registry = open(RegistryLimits.DEFAULT.withGarbage(GRACE, Untagged.COLLECTED))) {
      String old = registry.pushImage("team/app", "v1", "old layer");
      String bill = registry.pushReferrer("team/app", old, "application/x.bill");
      String present = registry.pushImage("team/app", "v1", "new layer");
      String kept = registry.pushReferrer("team/app", present, "application/x.kept");
      clock.pass(GRACE.plusSeconds(1));
      registry.registry().collectGarbage();
      for (String gone : List.of(old, bill)) {
        registry.get("/v2/team/app/manifests/" + gone).is(404);
      }
      for (String there : List.of(present, kept)) {
        registry.get("/v2/team/app/manifests/" + there).is(200);
      }
    }
  }

  @Test
  void whoReadsABlobReadsOnWhileItIsCollected() throws Exception {
    try (var registry = open(LIMITS)) {
      String blob = registry.pushBlob("team/app", "read slowly");
      Optional<FileChannel> open =
          registry
              .registry()
              .content()
              .blob(new RepositoryName("team/app"), ContentDigest.parse(blob).orElseThrow());
      try (FileChannel reader = open.orElseThrow()) {
        clock.pass(GRACE.multipliedBy(2));
        assertThat(registry.registry().collectGarbage()).isPositive();
        var bytes = java.nio.ByteBuffer.allocate(100);
        reader.read(bytes);
        assertThat(new String(bytes.array(), 0, bytes.position())).isEqualTo("read slowly");
      }
    }
  }

  /** With hardly any grace a push may have to begin again; what was acknowledged stays whole. */
  @Test
  void garbageCollectionBesidePushesBreaksNoManifest() throws Exception {
    RegistryLimits hasty =
        RegistryLimits.DEFAULT.withGarbage(Duration.ofMillis(100), Untagged.KEPT);
    var stored = new ConcurrentHashMap<String, String>();
    var failures = new ConcurrentLinkedQueue<Throwable>();
    try (var registry =
        RunningRegistry.open(
            directory, hasty, RegistryAccess.OPEN, PushListener.NONE, Clock.systemUTC())) {
      registry.pushImage("team/app", "first", "layer 0");
      var pushers = new ArrayList<Thread>();
      for (int i = 0; i < 3; i++) {
        String config = "{\"pusher\":" + i + "}";
        pushers.add(
            Thread.ofVirtual()
                .uncaughtExceptionHandler((thread, failure) -> failures.add(failure))
                .start(
                    () -> {
                      for (int round = 0; round < 60; round++) {
                        push(registry, config, "layer " + round % 5, stored);
                      }
                    }));
      }
      while (pushers.stream().anyMatch(Thread::isAlive)) {
        registry.registry().collectGarbage();
      }
      registry.registry().collectGarbage();
      assertThat(failures).isEmpty();
      assertThat(stored).isNotEmpty();
      for (var manifest : stored.entrySet()) {
        registry.get("/v2/team/app/manifests/" + manifest.getKey()).is(200);
        registry.get("/v2/team/app/blobs/" + manifest.getValue()).is(200);
      }
      RegistryUsage usage = registry.registry().usage();
      registry.close();
      try (var again = open(LIMITS)) {
        assertThat(again.registry().usage()).isEqualTo(usage);
      }
    }
  }

  private static void push(
      RunningRegistry registry, String config, String layer, ConcurrentHashMap<String, String> to) {
    try {
      registry.pushBlob("team/app", config);
      registry.pushBlob("team/app", layer);
      Bytes manifest = RunningRegistry.image(config, layer, "");
      int status =
          registry.send("PUT", "/v2/team/app/manifests/" + digest(manifest), manifest).status();
      if (status == 201) {
        to.put(digest(manifest), digest(Bytes.utf8(layer)));
      } else {
        assertThat(status).isEqualTo(404);
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aDamagedManifestStopsCollectionInItsRepository() throws Exception {
    try (var registry = open(LIMITS)) {
      String manifest = registry.pushImage("team/app", "v1", "layer");
      Path file =
          new RegistryLayout(directory)
              .manifest(
                  new RepositoryName("team/app"), ContentDigest.parse(manifest).orElseThrow());
      Files.writeString(file, "damaged");
      clock.pass(GRACE.multipliedBy(2));
      registry.registry().collectGarbage();
      registry.get("/v2/team/app/blobs/" + digest(Bytes.utf8("layer"))).is(200);
    }
  }

  @Test
  void listenersHearOfStoredManifestsAndMayFail() throws Exception {
    var heard = new LinkedBlockingQueue<PushListener.Push>();
    PushListener listener =
        push -> {
          heard.add(push);
          throw new IllegalStateException("the listener fails");
        };
    try (var registry =
        RunningRegistry.open(directory, LIMITS, RegistryAccess.OPEN, listener, clock)) {
      var expected = new ArrayList<String>();
      for (String tag : List.of("v1", "v2")) {
        registry.pushImage("team/app", tag, "layer");
        expected.add(tag);
      }
      registry.send("PUT", "/v2/team/app/manifests/v3", Bytes.utf8("{}")).is(400);
      for (String tag : expected) {
        PushListener.Push push = heard.poll(10, TimeUnit.SECONDS);
        assertThat(push).isNotNull();
        assertThat(push.tag()).contains(tag);
        assertThat(push.mediaType()).isEqualTo(MediaTypes.OCI_MANIFEST);
      }
      assertThat(heard).isEmpty();
    }
  }

  @Test
  void whatIsMadeOfAnImageIsStoredFromWithin() throws Exception {
    try (var registry = open(LIMITS)) {
      String image = registry.pushImage("team/app", "v1", "layer");
      RegistryContent content = registry.registry().content();
      var name = new RepositoryName("team/app");
      Bytes blob = Bytes.utf8("streaming form");
      content.putBlob(name, ContentDigest.parse(digest(blob)).orElseThrow(), blob.asInputStream());
      Bytes referrer =
          RunningRegistry.image(
              "{}", "streaming form", ",\"subject\":{\"digest\":\"" + image + "\",\"size\":1}");
      ContentDigest stored =
          content.putManifest(name, MediaTypes.OCI_MANIFEST, referrer, List.of());
      ContentDigest subject = ContentDigest.parse(image).orElseThrow();
      assertThat(content.referrers(name, subject)).containsExactly(stored);
      assertThat(content.manifest(name, new Reference.Tag("v1")).orElseThrow().digest())
          .isEqualTo(subject);
      assertThat(content.manifest(name, new Reference.Tag("v2"))).isEmpty();
      registry.get("/v2/team/app/manifests/" + stored).is(200);
    }
  }
}
