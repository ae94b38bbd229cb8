package dev.nacelle.bench.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs a program to its end. */
public final class Command {
  private Command() {}

  /**
   * How it ended.
   *
   * @param output what it wrote to both of its outputs
   */
  public record Result(int status, String output) {}

  public static Result run(String... command) throws IOException, InterruptedException {
    return run(List.of(command));
  }

  public static Result run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
            .start();
    String output;
    try (var stream = process.getInputStream()) {
      output = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
    return new Result(process.waitFor(), output);
  }

  /**
   * What a program printed.
   *
   * @throws IOException if it fails, with the end of what it said
   */
  public static String output(String... command) throws IOException, InterruptedException {
    return output(List.of(command));
  }

  /** As {@link #output(String...)}. */
  public static String output(List<String> command) throws IOException, InterruptedException {
    Result result = run(command);
    if (result.status() != 0) {
      String text = result.output().strip();
      throw new IOException(
          "'%s' failed with %d: %s"
              .formatted(
                  String.join(" ", command),
                  result.status(),
                  text.substring(Math.max(0, text.length() - 600))));
    }
    return result.output();
  }
}
