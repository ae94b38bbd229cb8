package dev.nacelle.bench.platform;

import dev.nacelle.base.files.Trees;
import dev.nacelle.bench.report.Command;
import dev.nacelle.cli.ControlClient;
import dev.nacelle.cli.VerbException;
import dev.nacelle.testbed.HostNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An instance of the program on a directory of its own, driven by its launcher as a user does. For
 * one thread. Closing it ends its containers and removes its data.
 */
public final class Instance implements AutoCloseable {
  private static final int PORT_OF_A_HOST = 6443;
  private static final Pattern JOIN_TOKEN = Pattern.compile("\\b[a-z0-9]{6}\\.[a-z0-9]{16}\\b");

  private final Path root;
  private final Path work;
  private final int port;
  private final String name;
  private final String token = randomHex(16);

  /** What stands before each command line. */
  private final List<String> inside;

  private Instance(Path root, Path work, int port, List<String> inside) throws IOException {
    this.root = root;
    this.work = work;
    this.port = port;
    this.inside = List.copyOf(inside);
    this.name = "bench-" + randomHex(3);
    Files.writeString(
        Files.createFile(
            tokens(),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))),
        token + ",bench,bench,\"system:masters\"\n");
  }

  /**
   * Names an instance that is not started yet.
   *
   * @param root the repository with the launcher
   * @param parent below which the working directory is made
   */
  public static Instance in(Path root, Path parent) throws IOException {
    Path work = Files.createTempDirectory(parent, "nacelle-bench-");
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new Instance(root, work, free.getLocalPort(), List.of());
    }
  }

  /** As the other, on a host that is a network namespace. */
  public static Instance on(HostNetwork.Host host, Path root, Path parent) throws IOException {
    Path work = Files.createTempDirectory(parent, "nacelle-bench-");
    return new Instance(root, work, PORT_OF_A_HOST, host.inside());
  }

  private static String randomHex(int bytes) {
    byte[] random = new byte[bytes];
    ThreadLocalRandom.current().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  public Path data() {
    return work.resolve("data");
  }

  /** A directory for files beside the data. */
  public Path work() {
    return work;
  }

  public int port() {
    return port;
  }

  /** Also that of its node. */
  public String name() {
    return name;
  }

  /** The bearer token of somebody who may do everything. */
  public String token() {
    return token;
  }

  private Path tokens() {
    return work.resolve("tokens.csv");
  }

  /**
   * Starts the program with the verb {@code up}.
   *
   * @return what it printed
   */
  public String up() throws IOException, InterruptedException {
    return start("up");
  }

  /** Starts the program with the verb {@code demo}. */
  public String demo() throws IOException, InterruptedException {
    return start("demo");
  }

  private String start(String verb, String... more) throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of(verb, "--port", String.valueOf(port), "--name", name));
    words.addAll(List.of("--token-auth-file", tokens().toString()));
    words.addAll(List.of(more));
    return launcher(words.toArray(String[]::new));
  }

  /** Starts it with some more flags. */
  public void up(String... more) throws IOException, InterruptedException {
    start("up", more);
  }

  /**
   * Starts it as a further host of a cluster.
   *
   * @param more flags; the first time also a token
   */
  public void join(String server, String... more) throws IOException, InterruptedException {
    var words = new ArrayList<>(List.of("up", "--parts=node", "--server", server, "--name", name));
    words.addAll(List.of(more));
    launcher(words.toArray(String[]::new));
  }

  /** A token by which a further host joins. */
  public String joinToken() throws IOException, InterruptedException {
    Matcher found = JOIN_TOKEN.matcher(launcher("token", "create"));
    if (!found.find()) {
      throw new IOException("'token create' printed no token");
    }
    return found.group();
  }

  /** Stops the program and leaves its containers running. */
  public void down() throws IOException, InterruptedException {
    launcher("down");
  }

  /** Runs {@code image import}. */
  public void importImage(Path archive, String reference) throws IOException, InterruptedException {
    launcher("image", "import", archive.toString(), "--name", reference);
  }

  private String launcher(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(inside);
    command.add(root.resolve("nacelle").toString());
    command.addAll(List.of(arguments));
    command.addAll(List.of("--data", data().toString()));
    return Command.output(command);
  }

  /** The process of the program. */
  public long pid() throws IOException {
    return Long.parseLong(Files.readString(data().resolve("nacelle.pid")).strip());
  }

  /** Ends the program as a crash does, and waits for its end. */
  public void kill() throws IOException, InterruptedException {
    ProcessHandle process =
        ProcessHandle.of(pid())
            .orElseThrow(() -> new IOException("cannot end the program: it is not running"));
    process.destroyForcibly();
    process.onExit().join();
  }

  /** The API with this instance's token. */
  public ApiConnection api() throws IOException {
    return ApiConnection.open(data().resolve("kubeconfig"), port, token);
  }

  /** The same by another port of loopback, behind which it is. */
  public ApiConnection api(int forwarded) throws IOException {
    return ApiConnection.open(data().resolve("kubeconfig"), forwarded, token);
  }

  public ControlClient control() throws VerbException {
    return ControlClient.connect(data());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    if (Files.isDirectory(data())) {
      launcher("down", "--purge");
    }
    Files.deleteIfExists(tokens());
    Trees.delete(work);
  }
}
