package dev.nacelle.api.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire, and what a broken server becomes. The rest is the contract's. */
class HttpApiClientTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ObjectKey KEY = new ObjectKey("default", "x");

  /** What the server was asked. */
  private record Asked(String method, String path, String query, Headers headers, String body) {}

  /** How the server answers after it has noted the question. */
  private interface Answer {
    void give(HttpExchange exchange) throws Exception;
  }

  private final LinkedBlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
  private final EventLoops loops = EventLoops.start(1);
  private volatile Answer answer = whole(200, "{}");
  private HttpServer server;
  private HttpApiClient client;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.builder(loops, this::handle).start();
    client =
        HttpApiClient.builder(URI.create("http://127.0.0.1:" + server.port() + "/"))
            .token(() -> "secret")
            .userAgent("tester/1")
            .build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
    loops.close();
  }

  private void handle(HttpExchange exchange) throws Exception {
    asked.add(
        new Asked(
            exchange.method(),
            exchange.path(),
            exchange.rawQuery(),
            exchange.headers(),
            exchange.body(1 << 20).toUtf8()));
    answer.give(exchange);
  }

  private static Answer whole(int status, String body) {
    return exchange ->
        exchange.respond(status, Headers.contentType("application/json"), Bytes.utf8(body));
  }

  private static Answer stream(String text) {
    return exchange -> {
      ResponseStream out = exchange.respondStreaming(200, Headers.contentType("application/json"));
      out.write(Bytes.utf8(text));
      out.flush();
      while (!out.isClosed()) {
        Thread.sleep(5);
      }
    };
  }

  private Asked asked() throws InterruptedException {
    Asked next = asked.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return Optional.ofNullable(next).orElseThrow(() -> new AssertionError("nothing was asked"));
  }

  private static KubeObject configMap() {
    return KubeObject.of(new GroupVersionKind("", "v1", "ConfigMap"), KEY);
  }

  private static JsonObject json(String text) {
    return JsonReader.readObject(Bytes.utf8(text));
  }

  @Test
  void aWriteCarriesItsOptions() throws Exception {
    client.create(
        Resources.CONFIG_MAPS,
        configMap(),
        new WriteOptions(
            "me & you",
            "",
            WriteOptions.DryRun.ALL,
            WriteOptions.Force.NO,
            WriteOptions.FieldValidation.STRICT));
    Asked create = asked();
    assertThat(create.method()).isEqualTo("POST");
    assertThat(create.path()).isEqualTo("/api/v1/namespaces/default/configmaps");
    assertThat(create.query())
        .isEqualTo("fieldManager=me%20%26%20you&dryRun=All&fieldValidation=Strict");
    assertThat(create.headers().first("authorization")).contains("Bearer secret");
    assertThat(create.headers().first("user-agent")).contains("tester/1");
    assertThat(json(create.body())).isEqualTo(configMap().json());
  }

  @Test
  void aPatchHasItsMediaTypeAndOnlyApplyIsForced() throws Exception {
    client.patch(
        Resources.DEPLOYMENTS,
        KEY,
        Patch.apply(JsonObject.EMPTY),
        WriteOptions.by("m").of("status").forced());
    Asked apply = asked();
    assertThat(apply.method()).isEqualTo("PATCH");
    assertThat(apply.path()).isEqualTo("/apis/apps/v1/namespaces/default/deployments/x/status");
    assertThat(apply.query()).isEqualTo("fieldManager=m&fieldValidation=Ignore&force=true");
    assertThat(apply.headers().first("content-type")).contains("application/apply-patch+yaml");
    client.patch(
        Resources.DEPLOYMENTS, KEY, Patch.merge(JsonObject.EMPTY), WriteOptions.by("m").forced());
    Asked merge = asked();
    assertThat(merge.query()).doesNotContain("force");
    assertThat(merge.headers().first("content-type")).contains("application/merge-patch+json");
  }

  @Test
  void aDeletionSaysHowAndOnWhatCondition() throws Exception {
    client.delete(
        Resources.PODS,
        KEY,
        DeleteOptions.DEFAULT
            .propagating(DeleteOptions.Propagation.FOREGROUND)
            .withGrace(0)
            .onlyUid("u"));
    assertThat(json(asked().body()))
        .isEqualTo(
            json(
                """
                {"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,
                 "propagationPolicy":"Foreground","preconditions":{"uid":"u"}}
                """));
  }

  @Test
  void itemsOfAListHaveTheTypeOfTheList() throws Exception {
    answer =
        whole(
            200,
            """
            {"kind":"ConfigMapList","apiVersion":"v1",
             "metadata":{"resourceVersion":"7","continue":"c","remainingItemCount":3},
             "items":[{"metadata":{"name":"x"}}]}
            """);
    ObjectList page =
        client.list(
            Resources.CONFIG_MAPS, ListOptions.ALL.withLabelSelector("a in (b,c)").page(5, "t"));
    assertThat(asked().query()).isEqualTo("labelSelector=a%20in%20%28b%2Cc%29&limit=5&continue=t");
    assertThat(page.items().getFirst().groupVersionKind())
        .isEqualTo(new GroupVersionKind("", "v1", "ConfigMap"));
    assertThat(page.resourceVersion()).isEqualTo("7");
    assertThat(page.continueToken()).isEqualTo("c");
    assertThat(page.remainingItemCount()).hasValue(3);
  }

  @Test
  void anotherIdentityIsImpersonated() throws Exception {
    var other =
        new Identity("u", "1", List.of("g", Identity.AUTHENTICATED), Map.of("a/b", List.of("v")));
    client.as(other).get(Resources.CONFIG_MAPS, KEY);
    Headers headers = asked().headers();
    assertThat(headers.first("impersonate-user")).contains("u");
    assertThat(headers.first("impersonate-uid")).contains("1");
    assertThat(headers.all("impersonate-group")).containsExactly("g");
    assertThat(headers.first("impersonate-extra-a%2Fb")).contains("v");
  }

  @Test
  void aRefusalIsTheServersStatus() {
    answer =
        whole(
            429,
            """
            {"kind":"Status","apiVersion":"v1","status":"Failure","message":"slow down",
             "reason":"TooManyRequests","details":{"retryAfterSeconds":3},"code":429}
            """);
    assertThatThrownBy(() -> client.get(Resources.CONFIG_MAPS, KEY))
        .isInstanceOfSatisfying(
            ApiException.class,
            e -> assertThat(e.status().details().retryAfterSeconds()).hasValue(3))
        .hasMessage("slow down");
  }

  @Test
  void aRefusalOfSomethingOnTheWayIsShown() {
    answer = whole(502, "bad gateway");
    assertThatThrownBy(() -> client.get(Resources.CONFIG_MAPS, KEY))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(502))
        .hasMessageEndingWith("answered 502: bad gateway");
  }

  @Test
  void aServerThatIsNotThereIsUnavailableAlsoForWrites() throws IOException {
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    try (HttpApiClient lost =
        HttpApiClient.builder(URI.create("http://127.0.0.1:" + port)).build()) {
      assertThatThrownBy(() -> lost.get(Resources.CONFIG_MAPS, KEY))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(503));
      assertThatThrownBy(
              () -> lost.create(Resources.CONFIG_MAPS, configMap(), WriteOptions.by("m")))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(503));
    }
  }

  @Test
  void aLostAnswerLeavesAWriteOpen() {
    answer =
        exchange -> {
          ResponseStream out =
              exchange.respondStreaming(201, Headers.contentType("application/json"));
          out.write(Bytes.utf8("{\"kind\""));
          out.flush();
          out.abort();
        };
    assertThatThrownBy(
            () -> client.create(Resources.CONFIG_MAPS, configMap(), WriteOptions.by("m")))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(504));
    assertThatThrownBy(() -> client.get(Resources.CONFIG_MAPS, KEY))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(503));
  }

  @Test
  void aWatchAsksForBookmarksAndGivesThem() throws Exception {
    answer =
        stream(
            """
            {"type":"ADDED","object":{"kind":"ConfigMap","metadata":{"name":"x"}}}
            {"type":"BOOKMARK","object":{"kind":"ConfigMap","metadata":{"resourceVersion":"9"}}}
            """);
    try (ObjectWatch watch = client.watch(Resources.CONFIG_MAPS, ListOptions.ALL.from("5"))) {
      assertThat(asked().query())
          .isEqualTo("watch=true&allowWatchBookmarks=true&resourceVersion=5");
      ObjectWatch.Event first = watch.next(PATIENCE).orElseThrow();
      assertThat(first.type()).isEqualTo(ObjectWatch.EventType.ADDED);
      assertThat(first.object().name()).isEqualTo("x");
      ObjectWatch.Event second = watch.next(PATIENCE).orElseThrow();
      assertThat(second.type()).isEqualTo(ObjectWatch.EventType.BOOKMARK);
      assertThat(second.object().resourceVersion()).isEqualTo("9");
      assertThat(watch.next(Duration.ofMillis(1))).isEmpty();
    }
  }

  @Test
  void compactedHistoryIsGone() {
    answer =
        stream(
            """
            {"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}}
            """);
    try (ObjectWatch watch = client.watch(Resources.CONFIG_MAPS, ListOptions.ALL.from("5"))) {
      assertThatThrownBy(() -> watch.next(PATIENCE))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.isGone()).isTrue());
      assertThatThrownBy(() -> watch.next(PATIENCE)).hasMessage("old");
    }
  }

  @Test
  void closingAWatchWakesTheOneThatWaits() throws Exception {
    answer = stream("\n");
    ObjectWatch watch = client.watch(Resources.CONFIG_MAPS, ListOptions.ALL);
    var ended = new LinkedBlockingQueue<ApiException>();
    Thread waiting =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    watch.next(PATIENCE);
                  } catch (ApiException e) {
                    ended.add(e);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    watch.close();
    waiting.join();
    assertThat(ended).extracting(ApiException::code).containsExactly(503);
  }

  @Test
  void aServerThatDiesEndsTheWatch() {
    answer = stream("\n");
    try (ObjectWatch watch = client.watch(Resources.CONFIG_MAPS, ListOptions.ALL)) {
      server.close();
      assertThatThrownBy(() -> watch.next(PATIENCE))
          .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(503));
    }
  }
}
