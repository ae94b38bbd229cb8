package dev.nacelle.cli;

import java.nio.file.Path;
import java.util.List;

/**
 * What the verbs need of the whole program; the application implements it. Results are exit codes:
 * 0 done, 1 failed, 2 wrong usage.
 */
public interface Host {

  /**
   * Runs the platform in this process until it is told to end; {@code report} hears how the start
   * goes.
   */
  int run(UpOptions options, StartReport report);

  /** Releases what a platform that does not run left in the kernel. */
  int release(Path data, Output output);

  /** What this host offers, line by line; the exit code is 1 if the platform cannot run. */
  int doctor(Path data, Output output);

  /** Works on the images of a platform that does not run. */
  int images(Path data, ImageVerb verb, Output output);

  /** Runs each part once, so that a start-up cache can be made of it. */
  int train();

  /** A verb on images. */
  sealed interface ImageVerb {
    record Import(Path source, String name) implements ImageVerb {}

    record Ls() implements ImageVerb {}

    record Remove(List<String> names) implements ImageVerb {}

    record Prune() implements ImageVerb {}
  }

  /** What a look at the host found, a line each. */
  interface Diagnosis {
    List<String> lines();
  }

  /** Where lines for the user go. */
  interface Output {
    void line(String text);

    void error(String text);
  }

  /** Hears how a start goes. */
  interface StartReport extends Output {
    /** The platform is up, or could not be: nothing more is said. */
    void finished(int exitCode);
  }
}
