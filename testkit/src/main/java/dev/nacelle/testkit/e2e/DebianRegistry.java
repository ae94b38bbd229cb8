package dev.nacelle.testkit.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process of Debian's docker-registry on a free port of loopback, with its data in a directory.
 */
public final class DebianRegistry implements AutoCloseable {
  private final Process process;
  private final int port;

  private DebianRegistry(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Why there can be none, by name; empty if there can. */
  public static Optional<String> missing() {
    return Command.find("docker-registry").isEmpty()
        ? Optional.of("needs Debian's docker-registry")
        : Optional.empty();
  }

  /** Starts one; returns when it listens. */
  public static DebianRegistry start(Path directory) {
    return start(directory, "");
  }

  /** The same for one user alone, where there is {@code htpasswd}. */
  public static DebianRegistry startFor(Path directory, String user, String password) {
    try {
      Files.createDirectories(directory);
      Path passwords =
          Files.writeString(
              directory.resolve("passwords"),
              Command.of("htpasswd", "-Bbn", user, password).run().ok());
      return start(directory, "auth: {htpasswd: {realm: it, path: \"" + passwords + "\"}}\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DebianRegistry start(Path directory, String more) {
    try (var probe = new ServerSocket(0)) {
      int port = probe.getLocalPort();
      probe.close();
      Files.createDirectories(directory);
      Path config =
          Files.writeString(
              directory.resolve("registry.yml"),
              """
              version: 0.1
              log: {level: error}
              storage: {filesystem: {rootdirectory: "%s"}}
              http: {addr: "127.0.0.1:%d"}
              """
                      .formatted(directory.resolve("data"), port)
                  + more);
      Process process =
          new ProcessBuilder(
                  Command.find("docker-registry").orElseThrow().toString(),
                  "serve",
                  config.toString())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("registry.log").toFile())
              .start();
      var registry = new DebianRegistry(process, port);
      Eventually.holds("docker-registry listens", registry::listens);
      return registry;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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

  @Override
  public void close() {
    process.destroyForcibly();
    Eventually.holds("docker-registry is gone", () -> !process.isAlive());
  }
}
