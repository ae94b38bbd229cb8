package dev.nacelle.bench.registry;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Debian's docker-registry on a free port of loopback, with its data below a directory. */
public final class RegistryProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(20);

  /** What clients may do. */
  private enum Mode {
    WRITABLE,
    READ_ONLY
  }

  private final Process process;
  private final Path work;
  private final int port;

  private RegistryProcess(Process process, Path work, int port) {
    this.process = process;
    this.work = work;
    this.port = port;
  }

  public static RegistryProcess start(Path work) throws IOException, InterruptedException {
    try (var probe = new ServerSocket(0)) {
      int port = probe.getLocalPort();
      probe.close();
      return start(work, port, Mode.WRITABLE);
    }
  }

  private static RegistryProcess start(Path work, int port, Mode mode)
      throws IOException, InterruptedException {
    Path config = work.resolve("registry.yml");
    Files.writeString(
        config,
        """
        version: 0.1
        log: {level: error, accesslog: {disabled: true}}
        storage:
          filesystem: {rootdirectory: %s}
          maintenance: {readonly: {enabled: %s}}
        http: {addr: "127.0.0.1:%d"}
        """
            .formatted(storage(work), mode == Mode.READ_ONLY, port));
    Process process =
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(work.resolve("registry.log").toFile())
            .start();
    var registry = new RegistryProcess(process, work, port);
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

  /** Ends it and starts it again, on the same port and data: what is in it stays as it is. */
  public RegistryProcess readOnly() throws IOException, InterruptedException {
    close();
    return start(work, port, Mode.READ_ONLY);
  }

  /**
   * A second repository with what another one has, at no cost.
   *
   * @param repository a name of one component
   */
  public void copy(String repository, String to) throws IOException {
    Path all = storage(work).resolve("docker/registry/v2/repositories");
    Path from = all.resolve(repository);
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, all.resolve(to).resolve(from.relativize(file)));
      }
    }
  }

  private static Path storage(Path work) {
    return work.resolve("registry");
  }

  private boolean listens() {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  public int port() {
    return port;
  }

  public String host() {
    return "127.0.0.1:" + port;
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
