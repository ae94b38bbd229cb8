package dev.nacelle.bench.convert;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Debian's docker-registry on a free port of loopback, with its data below a directory. */
final class RegistryProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(20);

  private final Process process;
  private final int port;

  private RegistryProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  static RegistryProcess start(Path work) throws IOException, InterruptedException {
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    Path config = work.resolve("registry.yml");
    Files.writeString(
        config,
        "{version: 0.1, storage: {filesystem: {rootdirectory: %s}}, http: {addr: \"127.0.0.1:%d\"}}"
            .formatted(work.resolve("registry"), port));
    Process process =
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(work.resolve("registry.log").toFile())
            .start();
    var registry = new RegistryProcess(process, port);
    long end = System.nanoTime() + START.toNanos();
    while (!registry.listens()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        registry.close();
        throw new IOException("cannot start docker-registry: see " + work.resolve("registry.log"));
      }
      Thread.sleep(20);
    }
    return registry;
  }

  private boolean listens() {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  String host() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
