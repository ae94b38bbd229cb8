package dev.nacelle.image.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.image.registry.RegistrySettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A part of the registry that is a cache of another registry. */
class PullThroughTest {
  private static final String LAYER = "a layer that has some bytes";

  @TempDir Path directory;
  private final SetClock clock = new SetClock();
  private Metrics metrics = new Metrics();
  private RunningRegistry origin;
  private Origins origins;
  private RunningRegistry cache;

  @BeforeEach
  void start() throws Exception {
    origin = RunningRegistry.open(directory.resolve("origin"));
    open(RegistryLimits.DEFAULT);
  }

  private void open(RegistryLimits limits) throws IOException {
    metrics = new Metrics();
    origins =
        Origins.of(
            Map.of("hub", URI.create("http://" + origin.host())),
            RegistrySettings.DEFAULT,
            ProxySettings.NONE);
    cache = RunningRegistry.caching(directory.resolve("cache"), limits, origins, metrics, clock);
  }

  private void reopen(RegistryLimits limits) throws IOException {
    cache.close();
    origins.close();
    open(limits);
  }

  @AfterEach
  void end() {
    cache.close();
    origins.close();
    origin.close();
  }

  private String tag() throws Exception {
    return cache.get("/v2/hub/team/app/manifests/v1").is(200).header("docker-content-digest");
  }

  private static String blob(String content) {
    return "/v2/hub/team/app/blobs/" + RunningRegistry.digest(Bytes.utf8(content));
  }

  @Test
  void anImageIsFetchedOnceAndServedFromHereThen() throws Exception {
    String digest = origin.pushImage("team/app", "v1", LAYER);
    assertThat(tag()).isEqualTo(digest);
    assertThat(cache.get(blob(LAYER)).is(200).body().toUtf8()).isEqualTo(LAYER);
    origin.asked();
    assertThat(tag()).isEqualTo(digest);
    cache.get("/v2/hub/team/app/manifests/" + digest).is(200);
    cache.get(blob(LAYER)).is(200);
    assertThat(origin.asked()).isEmpty();
    assertThat(metrics.expose("").text().toUtf8())
        .contains(
            "nacelle_registry_cache_total{kind=\"blob\",outcome=\"hit\"} 1.0",
            "nacelle_registry_cache_total{kind=\"blob\",outcome=\"miss\"} 1.0",
            "nacelle_registry_requests_total{code=\"200\",kind=\"manifest\",method=\"GET\"} 3.0");
  }

  @Test
  void whatIsCachedSurvivesARestart() throws Exception {
    String digest = origin.pushImage("team/app", "v1", LAYER);
    tag();
    cache.get(blob(LAYER)).is(200);
    reopen(RegistryLimits.DEFAULT);
    origin.asked();
    assertThat(tag()).isEqualTo(digest);
    cache.get(blob(LAYER)).is(200);
    assertThat(origin.asked()).isEmpty();
  }

  @Test
  void aTagIsAskedForAgainAfterAMinute() throws Exception {
    String before = origin.pushImage("team/app", "v1", LAYER);
    assertThat(tag()).isEqualTo(before);
    String after = origin.pushImage("team/app", "v1", "another layer");
    assertThat(tag()).isEqualTo(before);
    clock.pass(Duration.ofSeconds(61));
    assertThat(tag()).isEqualTo(after);
    clock.pass(Duration.ofSeconds(61));
    origin.asked();
    assertThat(tag()).isEqualTo(after);
    assertThat(origin.asked()).containsExactly("HEAD /v2/team/app/manifests/v1");
  }

  @Test
  void whatIsHereIsServedWhileTheOriginIsDown() throws Exception {
    String digest = origin.pushImage("team/app", "v1", LAYER);
    tag();
    cache.get(blob(LAYER)).is(200);
    origin.close();
    clock.pass(Duration.ofHours(1));
    assertThat(tag()).isEqualTo(digest);
    cache.get(blob(LAYER)).is(200);
    cache.get("/v2/hub/team/app/manifests/v2").refuses(503, ErrorCode.UNAVAILABLE);
    cache.get(blob("{}")).refuses(503, ErrorCode.UNAVAILABLE);
  }

  @Test
  void whatIsHereIsServedWhileTheOriginAnswersNothing() throws Exception {
    String digest = origin.pushImage("team/app", "v1", LAYER);
    tag();
    cache.get(blob(LAYER)).is(200);
    var thawed = new CountDownLatch(1);
    origin.freeze(thawed);
    try {
      clock.pass(Duration.ofHours(1));
      origin.asked();
      long start = System.nanoTime();
      assertThat(tag()).isEqualTo(digest);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .as("far less than what the client of the origin waits for by itself")
          .isLessThan(Duration.ofSeconds(30));
      cache.get("/v2/hub/team/app/manifests/" + digest).is(200);
      cache.get(blob(LAYER)).is(200);
      assertThat(tag()).isEqualTo(digest);
      assertThat(origin.asked()).as("once a minute").hasSize(1);
    } finally {
      thawed.countDown();
    }
  }

  @Test
  void aTagThatTheOriginHasNoMoreIsNoneHere() throws Exception {
    origin.pushImage("team/app", "v1", LAYER);
    tag();
    origin.send("DELETE", "/v2/team/app/manifests/v1").is(202);
    clock.pass(Duration.ofSeconds(61));
    cache.get("/v2/hub/team/app/manifests/v1").refuses(404, ErrorCode.MANIFEST_UNKNOWN);
  }

  @Test
  void whatNobodyHasIsUnknown() throws Exception {
    cache.get("/v2/hub/nobody/manifests/v1").is(404);
    cache.get("/v2/hub/nobody/blobs/sha256:" + "0".repeat(64)).is(404);
    cache.send("HEAD", "/v2/hub/nobody/blobs/sha256:" + "0".repeat(64)).is(404);
    assertThat(cache.registry().usage().uploads()).isZero();
  }

  @Test
  void theSizeOfABlobIsToldWithoutFetchingIt() throws Exception {
    origin.pushBlob("team/app", LAYER);
    assertThat(cache.send("HEAD", blob(LAYER)).is(200).header("content-length"))
        .isEqualTo("" + LAYER.length());
    assertThat(origin.asked()).noneMatch(asked -> asked.startsWith("GET"));
  }

  @Test
  void aBlobIsFetchedOnceForManyWhoAskAtOnce() throws Exception {
    String content = "0123456789".repeat(300_000);
    origin.pushBlob("team/app", content);
    origin.asked();
    var mayGo = new CountDownLatch(1);
    origin.holdBlobs(mayGo);
    var askers = new ArrayList<FutureTask<RunningRegistry.Answer>>();
    for (int i = 0; i < 10; i++) {
      askers.add(new FutureTask<>(() -> cache.get(blob(content))));
      Thread.ofVirtual().start(askers.getLast());
    }
    var part = new FutureTask<>(() -> cache.get(blob(content), "range", "bytes=1000000-1000009"));
    Thread.ofVirtual().start(part);
    mayGo.countDown();
    for (var asker : askers) {
      assertThat(asker.get().is(200).body().toUtf8()).isEqualTo(content);
    }
    assertThat(part.get().is(206).body().toUtf8()).isEqualTo("0123456789");
    assertThat(origin.asked().stream().filter(asked -> asked.startsWith("GET"))).hasSize(1);
  }

  @Test
  void pushesToACacheAreRefused() throws Exception {
    cache.send("POST", "/v2/hub/team/app/blobs/uploads/").refuses(405, ErrorCode.UNSUPPORTED);
    cache
        .send("PUT", "/v2/hub/team/app/manifests/v1", Bytes.utf8("{}"))
        .refuses(405, ErrorCode.UNSUPPORTED);
    cache.pushImage("hub", "v1", LAYER);
    cache.pushImage("hubs/app", "v1", LAYER);
  }

  @Test
  void aBlobThatIsNotWhatItsDigestSaysIsNeverWhole() throws Exception {
    byte[] lie = "0123456789".repeat(100_000).getBytes(java.nio.charset.StandardCharsets.UTF_8);
    try (EventLoops loops = EventLoops.start(1)) {
      HttpServer liar =
          HttpServer.builder(
                  loops, exchange -> exchange.respond(200, Headers.EMPTY, Bytes.wrap(lie)))
              .start();
      origins.close();
      cache.close();
      origins =
          Origins.of(
              Map.of("hub", URI.create("http://127.0.0.1:" + liar.port())),
              RegistrySettings.DEFAULT,
              ProxySettings.NONE);
      cache =
          RunningRegistry.caching(
              directory.resolve("cache"), RegistryLimits.DEFAULT, origins, new Metrics(), clock);
      assertThatThrownBy(() -> cache.get(blob("the truth"))).isInstanceOf(IOException.class);
      assertThat(cache.registry().usage().totalBytes()).isZero();
      liar.close();
    }
  }

  @Test
  void whatNobodyHasAskedForInALongTimeGoes() throws Exception {
    origin.pushImage("team/app", "v1", LAYER);
    tag();
    cache.get(blob(LAYER)).is(200);
    cache.pushImage("own/app", "v1", "pushed");
    clock.pass(Duration.ofDays(8));
    tag();
    cache.registry().collectGarbage();
    assertThat(cache.get("/v2/hub/team/app/tags/list").is(200).body().toUtf8()).contains("v1");
    origin.asked();
    cache.get(blob(LAYER)).is(200);
    assertThat(origin.asked()).isNotEmpty();
    cache.get("/v2/own/app/manifests/v1").is(200);
  }

  @Test
  void cachedContentMakesRoomForNewerWithinTheQuota() throws Exception {
    List<String> contents = List.of("a".repeat(4_000), "b".repeat(4_000), "c".repeat(4_000));
    for (String content : contents) {
      origin.pushBlob("team/app", content);
    }
    reopen(RegistryLimits.DEFAULT.withQuotas(10_000, Long.MAX_VALUE));
    cache.pushBlob("own/app", "p".repeat(1_000));
    for (String content : contents) {
      assertThat(cache.get(blob(content)).is(200).body().toUtf8()).isEqualTo(content);
      clock.pass(Duration.ofMinutes(2));
    }
    assertThat(cache.registry().usage().totalBytes()).isEqualTo(9_000);
    origin.asked();
    cache.get(blob(contents.get(1))).is(200);
    assertThat(origin.asked()).isEmpty();
    cache.get("/v2/own/app/blobs/" + RunningRegistry.digest(Bytes.utf8("p".repeat(1_000)))).is(200);
  }
}
