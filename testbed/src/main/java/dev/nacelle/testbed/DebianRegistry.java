package dev.nacelle.testbed;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A process of Debian's docker-registry on a free port of loopback, with its data and its log in a
 * directory. Closing it kills the process and leaves the files.
 */
public final class DebianRegistry implements AutoCloseable {
  private static final Path PROGRAM = Path.of("/usr/bin/docker-registry");
  private static final Path PUSHER = Path.of("/usr/bin/skopeo");
  private static final Duration START = Duration.ofSeconds(60);

  /** What clients may do. */
  private enum Mode {
    WRITABLE,
    DELETING,
    READ_ONLY
  }

  private final Process process;
  private final Path directory;
  private final int port;
  private final String more;

  private DebianRegistry(Process process, Path directory, int port, String more) {
    this.process = process;
    this.directory = directory;
    this.port = port;
    this.more = more;
  }

  /** Whether this machine has the program. */
  public static boolean isInstalled() {
    return Files.isExecutable(PROGRAM);
  }

  /** Whether it also has skopeo, which {@link #push} uses. */
  public static boolean canBePushedTo() {
    return isInstalled() && Files.isExecutable(PUSHER);
  }

  /** As {@link #start(Path, String)}, open to everybody. */
  public static DebianRegistry start(Path directory) throws IOException, InterruptedException {
    return start(directory, "");
  }

  /**
   * Starts one; returns when it listens.
   *
   * @param more further lines of its configuration
   */
  public static DebianRegistry start(Path directory, String more)
      throws IOException, InterruptedException {
    return start(directory, more, Mode.WRITABLE);
  }

  /** One that also deletes manifests. */
  public static DebianRegistry deleting(Path directory) throws IOException, InterruptedException {
    return start(directory, "", Mode.DELETING);
  }

  private static DebianRegistry start(Path directory, String more, Mode mode)
      throws IOException, InterruptedException {
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    return start(directory, port, more, mode);
  }

  private static DebianRegistry start(Path directory, int port, String more, Mode mode)
      throws IOException, InterruptedException {
    Files.createDirectories(storage(directory));
    Path config =
        Files.writeString(
            directory.resolve("registry.yml"),
            """
            version: 0.1
            log: {level: error, accesslog: {disabled: true}}
            storage:
              filesystem: {rootdirectory: "%s"}
              delete: {enabled: %s}
              maintenance: {readonly: {enabled: %s}}
            http: {addr: "127.0.0.1:%d"}
            """
                    .formatted(
                        storage(directory), mode == Mode.DELETING, mode == Mode.READ_ONLY, port)
                + more);
    Path log = directory.resolve("registry.log");
    Process process =
        new ProcessBuilder(PROGRAM.toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    var registry = new DebianRegistry(process, directory, port, more);
    boolean listens = false;
    try {
      listens = registry.awaitListening();
    } finally {
      if (!listens) {
        registry.close();
      }
    }
    if (!listens) {
      throw new IOException("cannot start docker-registry: " + Files.readString(log).strip());
    }
    return registry;
  }

  private boolean awaitListening() throws InterruptedException {
    long end = System.nanoTime() + START.toNanos();
    while (process.isAlive() && System.nanoTime() < end) {
      try (var socket = new Socket()) {
        socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
        return true;
      } catch (IOException e) {
        Thread.sleep(20); // not yet
      }
    }
    return false;
  }

  private static Path storage(Path directory) {
    return directory.resolve("registry");
  }

  public int port() {
    return port;
  }

  /** {@code 127.0.0.1:PORT}. */
  public String host() {
    return "127.0.0.1:" + port;
  }

  /** One with the same data on the same port, after this was closed. */
  public DebianRegistry restarted() throws IOException, InterruptedException {
    return start(directory, port, more, Mode.WRITABLE);
  }

  /** Ends it and starts it again, on the same port and data: what is in it stays as it is. */
  public DebianRegistry readOnly() throws IOException, InterruptedException {
    close();
    return start(directory, port, more, Mode.READ_ONLY);
  }

  /**
   * Pushes the image {@code it} of an OCI layout by skopeo.
   *
   * @param repository with a tag
   */
  public void push(Path layout, String repository, String... options)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(PUSHER.toString(), "--insecure-policy", "copy", "-q"));
    command.add("--dest-tls-verify=false");
    command.addAll(List.of(options));
    command.addAll(List.of("oci:" + layout + ":it", "docker://" + host() + "/" + repository));
    Process skopeo = new ProcessBuilder(command).redirectErrorStream(true).start();
    skopeo.getOutputStream().close();
    String said = new String(skopeo.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (skopeo.waitFor() != 0) {
      throw new IOException("cannot push " + layout + " to " + host() + ": " + said.strip());
    }
  }

  /**
   * A second repository with what another one has, at no cost.
   *
   * @param repository a name of one component
   */
  public void copy(String repository, String to) throws IOException {
    Path all = storage(directory).resolve("docker/registry/v2/repositories");
    Path from = all.resolve(repository);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, all.resolve(to).resolve(from.relativize(file)));
      }
    }
  }

  /** The file that holds a blob. */
  public Path blob(String digest) {
    String hex = digest.substring(digest.indexOf(':') + 1);
    return storage(directory)
        .resolve("docker/registry/v2/blobs/sha256/" + hex.substring(0, 2) + "/" + hex + "/data");
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
