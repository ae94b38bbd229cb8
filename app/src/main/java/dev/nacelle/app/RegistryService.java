package dev.nacelle.app;

import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.task.Threads;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.image.PushConversion;
import dev.nacelle.image.PushedTraces;
import dev.nacelle.image.distribution.BuiltInRegistry;
import dev.nacelle.image.distribution.Origins;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.distribution.RegistryLimits;
import dev.nacelle.image.registry.RegistrySettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The built-in registry as a part of the platform: HTTPS on a port of its own, from the first
 * moment on; requests are answered with 503 until {@link #open} has put its directory in order.
 * What is pushed gets its streaming form. Collects garbage from time to time. Safe for any thread.
 */
final class RegistryService implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryService.class);
  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final Duration COLLECT = Duration.ofMinutes(10);
  private static final int KEY_BYTES = 32;
  private static final Bytes STARTING =
      Bytes.utf8(
          """
          {"errors":[{"code":"UNAVAILABLE","message":"the registry is starting","detail":{}}]}""");

  /**
   * What it stands on.
   *
   * @param directory of its content
   * @param tokenKey the file of the key that signs its tokens
   */
  record Parts(
      Path directory,
      Path tokenKey,
      RegistryPort port,
      ServerTls tls,
      Metrics metrics,
      Clock clock) {}

  private final Parts parts;
  private final BuiltInRegistry.Settings settings;
  private final Origins origins;
  private final HttpServer server;
  private volatile Optional<BuiltInRegistry> registry = Optional.empty();
  private Optional<Thread> collector = Optional.empty();
  private Optional<PushConversion> conversion = Optional.empty();
  private boolean closed;

  private RegistryService(Parts parts, UpOptions options, EventLoops loops)
      throws IOException, StartException {
    this.parts = parts;
    this.settings =
        new BuiltInRegistry.Settings("nacelle", tokenKey(parts.tokenKey()), limits(options));
    this.origins = origins(options);
    this.server =
        parts
            .port()
            .listen(
                address ->
                    HttpServer.builder(loops, this::handle).bind(address).tls(parts.tls()).start());
  }

  /** Listens. */
  static RegistryService listen(Parts parts, UpOptions options, EventLoops loops)
      throws IOException, StartException {
    return new RegistryService(parts, options, loops);
  }

  private static RegistryLimits limits(UpOptions options) {
    return RegistryLimits.DEFAULT
        .withQuotas(bytes(options.registryQuota), bytes(options.registryNamespaceQuota))
        .withGarbage(
            RegistryLimits.DEFAULT.grace(),
            options.registryUntagged.equals("collect")
                ? RegistryLimits.Untagged.COLLECTED
                : RegistryLimits.Untagged.KEPT)
        .withCacheKeep(Duration.ofDays(options.registryProxyKeep));
  }

  private static Origins origins(UpOptions options) throws StartException {
    var byPrefix = new LinkedHashMap<String, URI>();
    options.registryProxies.forEach((prefix, url) -> byPrefix.put(prefix, URI.create(url)));
    try {
      return Origins.of(
          byPrefix,
          options.registries.isPresent() && !byPrefix.isEmpty()
              ? RegistrySettings.read(options.registries.get())
              : RegistrySettings.DEFAULT,
          ProxySettings.fromEnvironment(System.getenv()));
    } catch (IllegalArgumentException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  private static long bytes(Optional<String> size) {
    return size.map(text -> Quantity.parse(text).units()).orElse(Long.MAX_VALUE);
  }

  /** Made at the first start; with another key all tokens are void, which clients get over. */
  private static Bytes tokenKey(Path file) throws IOException {
    if (Files.exists(file)) {
      Bytes known = Bytes.wrap(Files.readAllBytes(file));
      if (known.sizeBytes() >= KEY_BYTES) {
        return known;
      }
    }
    byte[] fresh = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(fresh);
    DurableFiles.writeAtomically(file, Bytes.copyOf(fresh), DurableFiles.Mode.OWNER);
    return Bytes.wrap(fresh);
  }

  /**
   * Puts the directory in order and begins to answer; call it once.
   *
   * @param access who may do what
   */
  void open(RegistryAccess access) throws IOException {
    var streaming =
        new PushConversion(
            parts.directory().resolveSibling("registry-conversion"),
            parts.directory().resolve("converted"));
    BuiltInRegistry opened =
        BuiltInRegistry.open(
            parts.directory(),
            settings,
            access,
            streaming,
            new BuiltInRegistry.Surroundings(
                origins, parts.metrics(), new PushedTraces(parts.clock()), parts.clock()));
    synchronized (this) {
      if (closed) {
        opened.close();
        return;
      }
      registry = Optional.of(opened);
      streaming.start(opened.content());
      conversion = Optional.of(streaming);
      collector = Optional.of(new Threads("registry").startVirtual("garbage", () -> run(opened)));
    }
  }

  int port() {
    return server.port();
  }

  private void handle(HttpExchange exchange) throws IOException, InterruptedException {
    Optional<BuiltInRegistry> open = registry;
    if (open.isPresent()) {
      open.get().handle(exchange);
    } else {
      exchange.respond(
          503, Headers.of("content-type", "application/json", "retry-after", "1"), STARTING);
    }
  }

  private static void run(BuiltInRegistry registry) {
    try {
      while (true) {
        Thread.sleep(COLLECT);
        collect(registry);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void collect(BuiltInRegistry registry) {
    try {
      long freedBytes = registry.collectGarbage();
      if (freedBytes > 0) {
        LOG.info("the registry has freed {} bytes", freedBytes);
      }
    } catch (IOException e) {
      LOG.warn("cannot collect the registry's garbage; tried again in 10 minutes", e);
    }
  }

  @Override
  public void close() {
    server.close(GRACE);
    synchronized (this) {
      closed = true;
      collector.ifPresent(Thread::interrupt);
    }
    collector.ifPresent(RegistryService::await);
    conversion.ifPresent(PushConversion::close);
    registry.ifPresent(BuiltInRegistry::close);
    origins.close();
  }

  private static void await(Thread thread) {
    try {
      thread.join(GRACE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
