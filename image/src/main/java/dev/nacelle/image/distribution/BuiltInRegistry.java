package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpHandler;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A registry on a directory, as the handler of an HTTP server: the OCI distribution specification
 * 1.1, Docker's catalog and token service. Everything that was acknowledged is on the disk; the
 * process may be killed at any moment, and opening puts the directory in order again. One process
 * at a time works on a directory. Safe for any thread.
 *
 * @see <a href="https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md">OCI
 *     distribution specification 1.1</a>
 */
public final class BuiltInRegistry implements HttpHandler, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BuiltInRegistry.class);

  private final SpaceMeter meter;
  private final ContentStore content;
  private final UploadStore uploads;
  private final GarbageCollection garbage;
  private final PushFeed feed;
  private final PullThrough cache;
  private final RegistryMetrics metrics;
  private final Gate gate;
  private final Semaphore room;
  private final BlobEndpoint blobs;
  private final UploadEndpoint uploading;
  private final ManifestEndpoint manifesting;
  private final ListEndpoint lists;
  private final TokenEndpoint tokens;
  private final RegistryContent inside;

  private BuiltInRegistry(
      Path directory,
      Settings settings,
      RegistryAccess access,
      PushListener listener,
      Surroundings around)
      throws IOException {
    Clock clock = around.clock();
    RegistryLimits limits = settings.limits();
    meter = new SpaceMeter(limits);
    content = new ContentStore(new RegistryLayout(directory), limits, meter, clock);
    new OpeningSweep(content).run();
    uploads = UploadStore.open(content, limits, clock);
    var manifests = new ManifestStore(content);
    garbage = new GarbageCollection(content, manifests, around.origins(), limits, clock);
    metrics = new RegistryMetrics(around.metrics(), this::usage);
    cache = new PullThrough(around.origins(), content, manifests, uploads, metrics, clock);
    room = new Semaphore(limits.requests());
    var registryTokens = new RegistryTokens(settings.tokenKey(), settings.service(), clock);
    gate = new Gate(access, registryTokens, settings.service());
    blobs = new BlobEndpoint(content, cache, gate);
    lists = new ListEndpoint(content, manifests, gate);
    tokens = new TokenEndpoint(gate, registryTokens, clock);
    inside = new RegistryContent(content, manifests, uploads);
    feed = new PushFeed(listener);
    var traces = new TraceLimits(around.traces(), inside, manifests);
    uploading = new UploadEndpoint(content, uploads, cache, gate, traces);
    manifesting = new ManifestEndpoint(manifests, content, cache, gate, feed, traces);
  }

  /**
   * What a registry is told at its start.
   *
   * @param service its name in tokens, letters, digits, dots and dashes
   * @param tokenKey at least 32 secret bytes that sign tokens; a new key makes the old ones void
   */
  public record Settings(String service, Bytes tokenKey, RegistryLimits limits) {
    public Settings {
      if (!service.matches("[A-Za-z0-9.-]{1,100}")) {
        throw new IllegalArgumentException("no name of a service: " + service);
      }
    }
  }

  /**
   * Opens the registry of a directory, which is made where it is missing, and puts it in order.
   *
   * @throws IOException if the directory cannot be read or written
   */
  public static BuiltInRegistry open(
      Path directory, Settings settings, RegistryAccess access, PushListener listener, Clock clock)
      throws IOException {
    return open(
        directory,
        settings,
        access,
        listener,
        new Surroundings(Origins.none(), new Metrics(), TraceRules.NONE, clock));
  }

  /**
   * What a registry stands in.
   *
   * @param origins the registries that parts of it are a cache of; closed by the caller afterwards
   * @param metrics where it counts
   * @param traces what the right to traces allows
   */
  public record Surroundings(Origins origins, Metrics metrics, TraceRules traces, Clock clock) {}

  /** As the other, with caches of other registries. */
  public static BuiltInRegistry open(
      Path directory,
      Settings settings,
      RegistryAccess access,
      PushListener listener,
      Surroundings around)
      throws IOException {
    return new BuiltInRegistry(directory.toAbsolutePath(), settings, access, listener, around);
  }

  /** Its content for whoever lives in the same process, with no questions asked. */
  public RegistryContent content() {
    return inside;
  }

  /** What it holds now. */
  public RegistryUsage usage() {
    return new RegistryUsage(
        meter.totalBytes(), meter.namespaceBytes(), content.repositories().size(), uploads.count());
  }

  /**
   * Drops uploads that are too old and content that nothing leads to. Requests go on meanwhile;
   * call it from one thread at a time.
   *
   * @return the bytes of content that were freed on the disk
   */
  public long collectGarbage() throws IOException {
    uploads.expire();
    return garbage.collect();
  }

  @Override
  public void handle(HttpExchange exchange) throws IOException, InterruptedException {
    var observed = new ObservedExchange(exchange);
    Route route = new Route.Unknown();
    try {
      route = Route.parse(exchange.path());
      answer(observed, route);
    } catch (RegistryException e) {
      Answers.error(observed, e);
    } finally {
      metrics.answered(route, exchange.method(), observed.status());
    }
  }

  private void answer(HttpExchange exchange, Route route) throws IOException, InterruptedException {
    if (!room.tryAcquire()) {
      Answers.error(
          exchange,
          new RegistryException(
              ErrorCode.TOOMANYREQUESTS,
              429,
              "too many requests are under way; come again",
              Headers.of("retry-after", "1")));
      return;
    }
    try {
      serve(exchange, route);
    } catch (RegistryException e) {
      throw e;
    } catch (IOException e) {
      if (!isDiskFull(e)) {
        throw e;
      }
      LOG.error("the disk of the registry is full: {} {}", exchange.method(), exchange.path(), e);
      Answers.error(
          exchange,
          new RegistryException(
              ErrorCode.DENIED, 507, "the disk of the registry is full", Headers.EMPTY));
    } finally {
      room.release();
    }
  }

  private static boolean isDiskFull(IOException e) {
    String message = e.getMessage();
    return message != null
        && (message.contains("No space left on device") || message.contains("Disk quota exceeded"));
  }

  private void serve(HttpExchange exchange, Route route) throws IOException, InterruptedException {
    switch (route) {
      case Route.Version version -> version(exchange);
      case Route.Token token -> tokens.handle(exchange);
      case Route.Catalog catalog -> lists.catalog(exchange, gate.visitor(exchange));
      case Route.Blob blob -> blobs.handle(exchange, gate.visitor(exchange), blob);
      case Route.Uploads begin -> uploading.handle(exchange, gate.visitor(exchange), begin);
      case Route.Upload upload -> uploading.handle(exchange, gate.visitor(exchange), upload);
      case Route.Manifest manifest ->
          manifesting.handle(exchange, gate.visitor(exchange), manifest);
      case Route.Tags tags -> lists.tags(exchange, gate.visitor(exchange), tags);
      case Route.Referrers referrers ->
          lists.referrers(exchange, gate.visitor(exchange), referrers);
      case Route.Unknown unknown ->
          throw new RegistryException(
              ErrorCode.UNSUPPORTED, 404, "nothing is served at this path", Headers.EMPTY);
    }
  }

  private void version(HttpExchange exchange) throws IOException, InterruptedException {
    if (!exchange.method().equals("GET") && !exchange.method().equals("HEAD")) {
      throw Answers.notAllowed(exchange, "GET, HEAD");
    }
    gate.requireLogin(exchange);
    Answers.json(exchange, 200, Answers.headers().build(), JsonObject.EMPTY);
  }

  /** Ends its thread; close the server before. Idempotent. */
  @Override
  public void close() {
    cache.close();
    feed.close();
  }
}
