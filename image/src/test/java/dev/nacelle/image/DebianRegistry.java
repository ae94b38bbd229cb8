package dev.nacelle.image;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;

/** A registry process of Debian's docker-registry on a free loopback port, with its own data. */
public final class DebianRegistry implements AutoCloseable {
  private static final Path PROGRAM = Path.of("/usr/bin/docker-registry");

  private final Process process;
  private final int port;
  private final Path data;

  private DebianRegistry(Process process, int port, Path data) {
    this.process = process;
    this.port = port;
    this.data = data;
  }

  public static boolean isInstalled() {
    return Files.isExecutable(PROGRAM) && Files.isExecutable(Path.of("/usr/bin/skopeo"));
  }

  /**
   * @param more further lines of its configuration
   */
  public static DebianRegistry start(Path directory, String more) throws Exception {
    return start(directory, "", more);
  }

  /** One that deletes manifests. */
  public static DebianRegistry deleting(Path directory) throws Exception {
    return start(directory, "  delete:\n    enabled: true\n", "");
  }

  private static DebianRegistry start(Path directory, String storage, String more)
      throws Exception {
    Path data = Files.createDirectories(directory.resolve("registry"));
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    Path config =
        Files.writeString(
            directory.resolve("registry.yml"),
            "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: "
                + data
                + "\n"
                + storage
                + "http:\n  addr: 127.0.0.1:"
                + port
                + "\n"
                + more);
    return run(config, port, data);
  }

  private static DebianRegistry run(Path config, int port, Path data) throws Exception {
    Process process =
        new ProcessBuilder(PROGRAM.toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(config.resolveSibling("registry.log").toFile())
            .start();
    var registry = new DebianRegistry(process, port, data);
    registry.awaitListening();
    return registry;
  }

  /** One with the same data on the same port, after this was closed. */
  DebianRegistry restarted() throws Exception {
    return run(data.resolveSibling("registry.yml"), port, data);
  }

  private void awaitListening() throws Exception {
    Instant end = Instant.now().plus(Duration.ofSeconds(20));
    while (process.isAlive() && Instant.now().isBefore(end)) {
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
        return;
      } catch (IOException e) {
        Thread.onSpinWait();
      }
    }
    close();
    throw new IllegalStateException("docker-registry does not listen");
  }

  public String host() {
    return "127.0.0.1:" + port;
  }

  /** Pushes an OCI layout by skopeo. */
  public void push(Path layout, String repository, String... options)
      throws IOException, InterruptedException {
    LocalImageStoreTest.sh(
        layout,
        "skopeo --insecure-policy copy -q --dest-tls-verify=false "
            + String.join(" ", options)
            + " oci:"
            + layout
            + ":it docker://"
            + host()
            + "/"
            + repository);
  }

  /** The file that holds a blob. */
  Path blob(String digest) {
    String hex = digest.substring(digest.indexOf(':') + 1);
    return data.resolve(
        "docker/registry/v2/blobs/sha256/" + hex.substring(0, 2) + "/" + hex + "/data");
  }

  String log() throws IOException {
    return Files.readString(data.resolveSibling("registry.log"), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
