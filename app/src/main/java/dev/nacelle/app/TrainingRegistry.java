package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.image.distribution.BuiltInRegistry;
import dev.nacelle.image.distribution.PushListener;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.distribution.RegistryLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;

/** A registry on loopback, open to all, from which the platform in training pulls. */
final class TrainingRegistry implements AutoCloseable {
  private static final int KEY_BYTES = 32;

  private final EventLoops loops = EventLoops.start(1);
  private final BuiltInRegistry registry;
  private final HttpServer server;

  private TrainingRegistry(BuiltInRegistry registry) throws IOException {
    this.registry = registry;
    boolean started = false;
    try {
      server =
          HttpServer.builder(loops, registry)
              .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .start();
      started = true;
    } finally {
      if (!started) {
        loops.close();
      }
    }
  }

  static TrainingRegistry open(Path directory) throws IOException {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    var settings =
        new BuiltInRegistry.Settings("nacelle-train", Bytes.wrap(key), RegistryLimits.DEFAULT);
    return new TrainingRegistry(
        BuiltInRegistry.open(
            directory, settings, RegistryAccess.OPEN, PushListener.NONE, Clock.systemUTC()));
  }

  /** The name of an image in it. */
  String image(String repository) {
    return "127.0.0.1:" + server.port() + "/" + repository;
  }

  @Override
  public void close() {
    server.close();
    loops.close();
    registry.close();
  }
}
