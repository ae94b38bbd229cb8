package dev.nacelle.cli;

import dev.nacelle.base.json.JsonObject;
import java.util.function.Consumer;

/**
 * The lines of a platform's answer to a verb on images: {@code {"line": ...}} for the user, {@code
 * {"step": {...}}} of a layer, {@code {"error": ...}}, and at the end {@code {"exitCode": N}}. For
 * one thread.
 */
final class ImageAnswers implements Consumer<JsonObject> {
  private final Host.Output output;
  private int exitCode = -1;

  ImageAnswers(Host.Output output) {
    this.output = output;
  }

  @Override
  public void accept(JsonObject answer) {
    answer.string("line").ifPresent(output::line);
    answer.string("error").ifPresent(output::error);
    JsonObject step = answer.object("step");
    if (!step.isEmpty()) {
      long total = step.integer("total").orElse(0);
      output.step(
          new Host.LayerStep(
              step.string("phase").orElse(""),
              step.string("layer").orElse(""),
              step.integer("done").orElse(0),
              total,
              step.integer("whole").orElse(total)));
    }
    answer.integer("exitCode").ifPresent(code -> exitCode = (int) code);
  }

  /**
   * How it ended.
   *
   * @throws VerbException if the platform did not come to an end
   */
  int exitCode() throws VerbException {
    if (exitCode < 0) {
      throw new VerbException(
          "cannot tell how it ended: the platform broke off its answer; see 'nacelle status'");
    }
    return exitCode;
  }
}
