package dev.nacelle.image.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.image.registry.MediaTypes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A registry of a directory that listens on loopback, and a client of it. */
public final class RunningRegistry implements AutoCloseable {
  private static final Bytes KEY = Bytes.utf8("a key of tests, which nobody else has");

  private final EventLoops loops = EventLoops.start(1);
  private final BuiltInRegistry registry;
  private final HttpServer server;
  private final HttpClient client = HttpClient.builder().build();

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private volatile CountDownLatch blobsMayGo = new CountDownLatch(0);
  private volatile CountDownLatch anythingMayGo = new CountDownLatch(0);

  private RunningRegistry(BuiltInRegistry registry, int port) throws IOException {
    this.registry = registry;
    server =
        HttpServer.builder(loops, this::handle)
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .start();
  }

  public static RunningRegistry open(Path directory) throws IOException {
    return open(
        directory,
        RegistryLimits.DEFAULT,
        RegistryAccess.OPEN,
        PushListener.NONE,
        Clock.systemUTC());
  }

  static RunningRegistry open(
      Path directory,
      RegistryLimits limits,
      RegistryAccess access,
      PushListener listener,
      Clock clock)
      throws IOException {
    return new RunningRegistry(opened(directory, limits, access, listener, clock), 0);
  }

  /** A registry whose callers may have the right to traces. */
  static RunningRegistry open(Path directory, RegistryAccess access, TraceRules traces)
      throws IOException {
    return new RunningRegistry(
        BuiltInRegistry.open(
            directory,
            new BuiltInRegistry.Settings("nacelle-registry", KEY, RegistryLimits.DEFAULT),
            access,
            PushListener.NONE,
            new BuiltInRegistry.Surroundings(
                Origins.none(), new Metrics(), traces, Clock.systemUTC())),
        0);
  }

  private static BuiltInRegistry opened(
      Path directory,
      RegistryLimits limits,
      RegistryAccess access,
      PushListener listener,
      Clock clock)
      throws IOException {
    var settings = new BuiltInRegistry.Settings("nacelle-registry", KEY, limits);
    return BuiltInRegistry.open(directory, settings, access, listener, clock);
  }

  /**
   * A registry in a process of its own: DIRECTORY, and a port or 0. Says its port, and serves until
   * it is killed.
   */
  public static void main(String[] arguments) throws Exception {
    BuiltInRegistry registry =
        opened(
            Path.of(arguments[0]),
            RegistryLimits.DEFAULT,
            RegistryAccess.OPEN,
            PushListener.NONE,
            Clock.systemUTC());
    var running = new RunningRegistry(registry, Integer.parseInt(arguments[1]));
    System.out.println("port " + running.server.port());
    System.out.flush();
    Thread.currentThread().join();
  }

  /** A registry that is a cache of others. */
  static RunningRegistry caching(
      Path directory, RegistryLimits limits, Origins origins, Metrics metrics, Clock clock)
      throws IOException {
    return new RunningRegistry(
        BuiltInRegistry.open(
            directory,
            new BuiltInRegistry.Settings("nacelle-registry", KEY, limits),
            RegistryAccess.OPEN,
            PushListener.NONE,
            new BuiltInRegistry.Surroundings(origins, metrics, TraceRules.NONE, clock)),
        0);
  }

  private void handle(HttpExchange exchange) throws IOException, InterruptedException {
    asked.add(exchange.method() + " " + exchange.path());
    anythingMayGo.await();
    if (exchange.method().equals("GET") && exchange.path().contains("/blobs/")) {
      blobsMayGo.await();
    }
    registry.handle(exchange);
  }

  /** What it was asked for since the last call, as {@code METHOD PATH}. */
  List<String> asked() {
    var all = List.copyOf(asked);
    asked.clear();
    return all;
  }

  /** Answers no GET of a blob until the latch is open. */
  void holdBlobs(CountDownLatch until) {
    blobsMayGo = until;
  }

  /** Takes requests and answers none until the latch is open. */
  void freeze(CountDownLatch until) {
    anythingMayGo = until;
  }

  /** The requests since they were last cleared or asked for, as {@code METHOD PATH}. */
  public List<String> seen() {
    return asked;
  }

  BuiltInRegistry registry() {
    return registry;
  }

  public String host() {
    return "127.0.0.1:" + server.port();
  }

  int port() {
    return server.port();
  }

  /** An answer with its whole body. */
  record Answer(int status, Headers headers, Bytes body) {
    String header(String name) {
      return headers.first(name).orElse("");
    }

    JsonObject json() {
      return JsonReader.readObject(body);
    }

    String error() {
      return json().array("errors").objects().findFirst().orElseThrow().string("code").orElse("");
    }

    Answer is(int wanted) {
      assertThat(status).as(body.toUtf8()).isEqualTo(wanted);
      return this;
    }

    Answer refuses(int wanted, ErrorCode code) {
      is(wanted);
      assertThat(error()).isEqualTo(code.name());
      assertThat(headers.first("content-type")).contains("application/json");
      return this;
    }
  }

  Answer get(String path, String... headers) throws Exception {
    return ask("GET", path, Optional.empty(), headers);
  }

  Answer send(String method, String path, String... headers) throws Exception {
    return ask(method, path, Optional.empty(), headers);
  }

  Answer send(String method, String path, Bytes body, String... headers) throws Exception {
    return ask(method, path, Optional.of(body), headers);
  }

  private Answer ask(String method, String path, Optional<Bytes> body, String... headers)
      throws Exception {
    HttpRequest.Body sent =
        body.isPresent() ? new HttpRequest.Body.Whole(body.get()) : new HttpRequest.Body.Empty();
    return ask(new HttpRequest(method, uri(path), Headers.of(headers), sent));
  }

  Answer ask(HttpRequest request) throws Exception {
    try (HttpResponse response = client.send(request)) {
      byte[] body = response.body().readAllBytes();
      return new Answer(response.status(), response.headers(), Bytes.wrap(body));
    }
  }

  URI uri(String path) {
    return URI.create("http://" + host() + path);
  }

  /** Pushes a blob in one request; its digest. */
  String pushBlob(String repository, String text) throws Exception {
    Bytes content = Bytes.utf8(text);
    String digest = digest(content);
    send("POST", "/v2/" + repository + "/blobs/uploads/?digest=" + digest, content).is(201);
    return digest;
  }

  static String digest(Bytes content) {
    return ContentDigest.of(ContentDigest.Algorithm.SHA256, content).toString();
  }

  /** Pushes an image of a config and one layer; the digest of its manifest. */
  String pushImage(String repository, String tag, String layer) throws Exception {
    pushBlob(repository, "{}");
    pushBlob(repository, layer);
    Bytes manifest = image("{}", layer, "");
    send(
            "PUT",
            "/v2/" + repository + "/manifests/" + (tag.isEmpty() ? digest(manifest) : tag),
            manifest,
            "content-type",
            MediaTypes.OCI_MANIFEST)
        .is(201);
    return digest(manifest);
  }

  /**
   * @param more further members, each with a comma before it
   */
  static Bytes image(String config, String layer, String more) {
    return Bytes.utf8(
        """
        {"schemaVersion":2,"mediaType":"%s",\
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},\
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":%d}]%s}"""
            .formatted(
                MediaTypes.OCI_MANIFEST,
                digest(Bytes.utf8(config)),
                config.getBytes(StandardCharsets.UTF_8).length,
                digest(Bytes.utf8(layer)),
                layer.getBytes(StandardCharsets.UTF_8).length,
                more));
  }

  /** Pushes an image that speaks of another one; the digest of its manifest. */
  String pushReferrer(String repository, String subject, String artifactType) throws Exception {
    pushBlob(repository, "{}");
    pushBlob(repository, artifactType);
    Bytes manifest =
        image(
            "{}",
            artifactType,
            """
            ,"artifactType":"%s","annotations":{"a":"b"},\
            "subject":{"mediaType":"%s","digest":"%s","size":1}"""
                .formatted(artifactType, MediaTypes.OCI_MANIFEST, subject));
    Answer answer =
        send(
                "PUT",
                "/v2/" + repository + "/manifests/" + digest(manifest),
                manifest,
                "content-type",
                MediaTypes.OCI_MANIFEST)
            .is(201);
    assertThat(answer.header("oci-subject")).isEqualTo(subject);
    return digest(manifest);
  }

  @Override
  public void close() {
    client.close();
    server.close();
    registry.close();
    loops.close();
  }
}
