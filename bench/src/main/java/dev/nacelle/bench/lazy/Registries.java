package dev.nacelle.bench.lazy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.image.distribution.BuiltInRegistry;
import dev.nacelle.image.distribution.PushListener;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.distribution.RegistryLimits;
import dev.nacelle.image.distribution.RepositoryName;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Registries on loopback: the built-in one, and Debian's where it is installed. */
final class Registries implements AutoCloseable {
  private static final Path DEBIAN = Path.of("/usr/bin/docker-registry");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Everybody may do everything. */
  private static final class Open implements RegistryAccess {
    @Override
    public Login login() {
      return Login.NEVER;
    }

    @Override
    public Optional<Caller> authenticate(Credentials credentials) {
      return Optional.of(Caller.ANONYMOUS);
    }

    @Override
    public Set<Action> allowed(Caller caller, RepositoryName repository, Set<Action> wanted) {
      return wanted;
    }
  }

  record Running(String name, int port) {}

  private final List<Running> running = new ArrayList<>();
  private final List<Closeable> closing = new ArrayList<>();

  static Registries start(Path work) throws IOException, InterruptedException {
    var registries = new Registries();
    registries.startBuiltIn(work.resolve("built-in"));
    if (Files.isExecutable(DEBIAN)) {
      registries.startDebian(work);
    }
    return registries;
  }

  List<Running> running() {
    return running;
  }

  private void startBuiltIn(Path directory) throws IOException {
    var settings =
        new BuiltInRegistry.Settings(
            "bench", Bytes.utf8("a key of benchmarks, nobody else has it"), RegistryLimits.DEFAULT);
    BuiltInRegistry registry =
        BuiltInRegistry.open(directory, settings, new Open(), PushListener.NONE, Clock.systemUTC());
    EventLoops loops = EventLoops.start(1);
    HttpServer server =
        HttpServer.builder(loops, registry)
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .start();
    closing.add(server::close);
    closing.add(registry::close);
    closing.add(loops::close);
    running.add(new Running("built-in", server.port()));
  }

  private void startDebian(Path work) throws IOException, InterruptedException {
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    Path config =
        Files.writeString(
            work.resolve("registry.yml"),
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: 127.0.0.1:%d\n"
                .formatted(work.resolve("debian"), port));
    Process process =
        new ProcessBuilder(DEBIAN.toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(work.resolve("registry.log").toFile())
            .start();
    closing.add(process::destroyForcibly);
    awaitListening(process, port);
    running.add(new Running("docker-registry", port));
  }

  private static void awaitListening(Process process, int port)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end && process.isAlive()) {
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
        return;
      } catch (IOException e) {
        if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
          break;
        }
      }
    }
    throw new IOException("docker-registry does not listen");
  }

  @Override
  public void close() throws IOException {
    for (Closeable each : closing) {
      each.close();
    }
  }
}
