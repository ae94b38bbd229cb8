package dev.nacelle.testkit.e2e;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command that runs beside the test; what it prints is gathered line by line. */
public final class BackgroundCommand implements AutoCloseable {
  private static final int MAX_LINES = 1_000_000;

  private final Command command;
  private final Process process;
  private final List<String> lines = new ArrayList<>();

  BackgroundCommand(Command command, Process process) {
    this.command = command;
    this.process = process;
    gather(process.getInputStream());
    gather(process.getErrorStream());
  }

  private void gather(InputStream stream) {
    Thread.ofVirtual()
        .start(
            () -> {
              try (var reader =
                  new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                  add(line);
                }
              } catch (IOException e) {
                add("(cannot read on: " + e.getMessage() + ")");
              }
            });
  }

  private void add(String line) {
    synchronized (lines) {
      if (lines.size() < MAX_LINES) {
        lines.add(line);
      }
    }
  }

  /** What it printed so far. */
  public List<String> lines() {
    synchronized (lines) {
      return List.copyOf(lines);
    }
  }

  /** Waits for a line that contains a text. */
  public void awaitLine(String text) {
    Eventually.holds(
        command + " prints '" + text + "'",
        () -> lines().stream().anyMatch(l -> l.contains(text)),
        () -> String.join("\n", lines()));
  }

  /** Waits for its end and gives the exit code. */
  public int awaitExit() {
    try {
      if (!process.waitFor(Command.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError(command + " does not end; it printed " + lines());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    children.forEach(ProcessHandle::destroy);
    try {
      if (!process.waitFor(Duration.ofSeconds(5).toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
