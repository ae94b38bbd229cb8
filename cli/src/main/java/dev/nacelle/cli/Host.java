package dev.nacelle.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

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

    record Ls(Form form) implements ImageVerb {}

    record Remove(List<String> names) implements ImageVerb {}

    record Prune() implements ImageVerb {}

    /**
     * @param platform {@code os/architecture[/variant]}; empty for this host's
     */
    record Pull(String name, Optional<String> platform, Data data, AuthFile auth)
        implements ImageVerb {}

    /**
     * @param target empty for the image's own name
     */
    record Push(String name, Optional<String> target, Layers layers, AuthFile auth)
        implements ImageVerb {}

    record Convert(String name, Platforms platforms, AuthFile auth) implements ImageVerb {}

    record Inspect(String name) implements ImageVerb {}

    record Verify(String name) implements ImageVerb {}

    record Trace(String name, TraceTask task, Form form, AuthFile auth) implements ImageVerb {}

    /** What is done with the trace of an image. */
    enum TraceTask {
      SHOW,
      RECORD,
      PUSH,
      DELETE
    }

    /** How something is shown. */
    enum Form {
      TEXT,
      JSON
    }

    /** How much of an image a pull waits for. */
    enum Data {
      /** What it takes to run it. */
      AS_READ,
      ALL
    }

    /** Where a push takes layers from. */
    enum Layers {
      ORIGINAL,
      REBUILT
    }

    /** Which images of an index. */
    enum Platforms {
      HOST,
      ALL
    }
  }

  /**
   * The text of a file of credentials as Docker keeps it; the text form hides it.
   *
   * @param text empty where there are none
   */
  record AuthFile(String text) {
    public static final AuthFile NONE = new AuthFile("");

    @Override
    public String toString() {
      return "AuthFile[]";
    }
  }

  /**
   * How far the work on a layer is.
   *
   * @param phase what is done with it, a word such as {@code pull}
   * @param layer {@code sha256:HEX}
   * @param totalBytes how much there is to do
   * @param wholeBytes how large the layer is; more than {@code totalBytes} where only a part of it
   *     is here
   */
  record LayerStep(String phase, String layer, long doneBytes, long totalBytes, long wholeBytes) {
    public LayerStep(String phase, String layer, long doneBytes, long totalBytes) {
      this(phase, layer, doneBytes, totalBytes, totalBytes);
    }
  }

  /** What a look at the host found, a line each. */
  interface Diagnosis {
    List<String> lines();
  }

  /** Where lines for the user go. */
  interface Output {
    void line(String text);

    void error(String text);

    /** Hears of layers, from any thread; must return at once. */
    default void step(LayerStep step) {}
  }

  /** Hears how a start goes. */
  interface StartReport extends Output {
    /** The platform is up, or could not be: nothing more is said. */
    void finished(int exitCode);
  }
}
