package dev.nacelle.bench.lazy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.image.distribution.BuiltInRegistry;
import dev.nacelle.image.distribution.PushListener;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.distribution.RegistryLimits;
import dev.nacelle.testbed.DebianRegistry;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Registries on loopback: the built-in one, and Debian's where it is installed. */
final class Registries implements AutoCloseable {
  private static final Path DEBIAN = Path.of("/usr/bin/docker-registry");

  record Running(String name, int port) {}

  private final List<Running> running = new ArrayList<>();
  private final List<Closeable> closing = new ArrayList<>();
  private Optional<DebianRegistry> debian = Optional.empty();

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
        BuiltInRegistry.open(
            directory, settings, RegistryAccess.OPEN, PushListener.NONE, Clock.systemUTC());
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
    DebianRegistry process = DebianRegistry.start(work);
    debian = Optional.of(process);
    running.add(new Running("docker-registry", process.port()));
  }

  @Override
  public void close() throws IOException, InterruptedException {
    if (debian.isPresent()) {
      debian.get().close();
    }
    for (Closeable each : closing) {
      each.close();
    }
  }
}
