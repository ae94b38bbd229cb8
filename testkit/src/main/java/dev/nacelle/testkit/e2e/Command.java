package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** A command line to run: once to its end within a bound, or in the background. Immutable. */
public record Command(List<String> words, Map<String, String> environment, String input) {
  /** The longest that a command may take. */
  public static final Duration PATIENCE = Duration.ofSeconds(180);

  public Command {
    words = List.copyOf(words);
    environment = Map.copyOf(environment);
  }

  /** How a command ended and what it printed. */
  public record Outcome(Command command, int exitCode, String out, String err) {
    /** Fails the test unless the exit code is 0; what was printed on standard output. */
    public String ok() {
      assertThat(exitCode).as("%s%n%s%s", command, out, err).isZero();
      return out;
    }

    /** Both streams. */
    public String all() {
      return out + err;
    }
  }

  public static Command of(String... words) {
    return new Command(List.of(words), Map.of(), "");
  }

  /** With more words at the end. */
  public Command with(String... more) {
    var all = new ArrayList<>(words);
    all.addAll(List.of(more));
    return new Command(all, environment, input);
  }

  /** With an environment variable. */
  public Command env(String name, String value) {
    var all = new LinkedHashMap<>(environment);
    all.put(name, value);
    return new Command(words, all, input);
  }

  /** With this on its standard input. */
  public Command reading(String text) {
    return new Command(words, environment, text);
  }

  /** Where a program lies on the PATH. */
  public static Optional<Path> find(String program) {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
    for (String directory : (path + ":/usr/sbin:/sbin").split(":")) {
      Path file = Path.of(directory, program);
      if (!directory.isEmpty() && Files.isExecutable(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  Process start() {
    var builder = new ProcessBuilder(words);
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      Thread.ofVirtual()
          .start(
              () -> {
                try (var stdin = process.getOutputStream()) {
                  stdin.write(input.getBytes(StandardCharsets.UTF_8));
                } catch (IOException e) {
                  // it ended without reading all of it: its exit code tells
                }
              });
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + this, e);
    }
  }

  /** Runs to the end, at most {@link #PATIENCE}. */
  public Outcome run() {
    return run(PATIENCE);
  }

  /** Runs to the end; a command that takes longer is killed and fails the test. */
  public Outcome run(Duration atMost) {
    Process process = start();
    try {
      FutureTask<String> out = collect(process.getInputStream());
      FutureTask<String> err = collect(process.getErrorStream());
      if (!process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        throw new AssertionError(
            this + " did not end within " + atMost + "; it printed:\n" + out.get() + err.get());
      }
      return new Outcome(this, process.exitValue(), out.get(), err.get());
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted during " + this, e);
    } catch (ExecutionException e) {
      throw new AssertionError("cannot read what " + this + " printed", e);
    }
  }

  /** Runs in the background until it ends or is closed. */
  public BackgroundCommand background() {
    return new BackgroundCommand(this, start());
  }

  private static FutureTask<String> collect(InputStream stream) {
    var task = new FutureTask<>(() -> new String(stream.readAllBytes(), StandardCharsets.UTF_8));
    Thread.ofVirtual().start(task);
    return task;
  }

  @Override
  public String toString() {
    return "`" + String.join(" ", words) + "`";
  }
}
