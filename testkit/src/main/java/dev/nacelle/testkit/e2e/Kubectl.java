package dev.nacelle.testkit.e2e;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Stock {@code kubectl} with an instance's kubeconfig and a cache of its own. */
public final class Kubectl {
  private final Command command;

  Kubectl(Path program, Path kubeconfig, Path home) {
    command =
        new Command(
            List.of(program.toString()),
            Map.of("KUBECONFIG", kubeconfig.toString(), "HOME", home.toString()),
            "");
  }

  /** Any command line that ends where kubectl's own words begin. */
  Kubectl(Command command) {
    this.command = command;
  }

  /**
   * The programs that this machine has: some packages bring one per version; the plain one alone is
   * no failure.
   */
  public static List<Path> programs() {
    try {
      Path plain =
          Command.find("kubectl")
              .orElseThrow(() -> new AssertionError("no kubectl on the PATH"))
              .toRealPath();
      try (Stream<Path> files = Files.list(plain.resolveSibling("."))) {
        List<Path> versions =
            files
                .filter(f -> String.valueOf(f.getFileName()).matches("kubectl\\.1\\.\\d+"))
                .sorted()
                .toList();
        return versions.isEmpty() ? List.of(plain) : versions;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same with an environment variable. */
  public Kubectl env(String name, String value) {
    return new Kubectl(command.env(name, value));
  }

  /** The same in another namespace. */
  public Kubectl in(String namespace) {
    return new Kubectl(command.with("--namespace", namespace));
  }

  /** The same with another kubeconfig. */
  Kubectl with(Path kubeconfig) {
    return new Kubectl(command.env("KUBECONFIG", kubeconfig.toString()));
  }

  /** The command line, for what needs more than a run. */
  public Command command(String... words) {
    return command.with(words);
  }

  /** Runs to the end, whatever comes. */
  public Command.Outcome run(String... words) {
    return command.with(words).run();
  }

  /** Runs to the end, which must be a good one; what it printed. */
  public String ok(String... words) {
    return run(words).ok();
  }

  /** Applies YAML on the client's side. */
  public String apply(String yaml, String... flags) {
    return command.with("apply", "-f", "-").with(flags).reading(yaml).run().ok();
  }

  /** An object, or a list, as the API has it. */
  public JsonObject object(String... words) {
    return JsonReader.readObject(
        Bytes.utf8(command.with("get").with(words).with("-o", "json").run().ok()));
  }

  /** One JSONPath of an object; empty when there is none, or no object. */
  public String path(String path, String... words) {
    Command.Outcome outcome = command.with("get").with(words).with("-o", "jsonpath=" + path).run();
    return outcome.exitCode() == 0 ? outcome.out() : "";
  }

  /** Waits until a JSONPath has a value, and gives it. */
  public String awaitPath(String path, Predicate<String> expectation, String... words) {
    return Eventually.sees(
        path + " of " + String.join(" ", words) + " is as expected",
        () -> path(path, words),
        expectation);
  }

  /** Waits with {@code kubectl wait}. */
  public void await(String condition, String... words) {
    command
        .with("wait", "--for=" + condition, "--timeout=" + Eventually.PATIENCE.toSeconds() + "s")
        .with(words)
        .run()
        .ok();
  }
}
