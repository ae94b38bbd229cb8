package dev.nacelle.cli;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Shows the user how the work on layers goes: on a terminal a bar for each layer, drawn anew in its
 * place; else a line when something is done with a layer. Safe for any thread.
 */
final class ImageOutput implements Host.Output, AutoCloseable {
  private static final long REDRAW_NANOS = 100_000_000;
  private static final int MOST_BARS = 20;
  private static final int BAR_CELLS = 24;

  /** What lines are shown on. */
  sealed interface Screen {
    /** Can go back to lines above. */
    record Terminal(PrintStream out) implements Screen {}

    /** Lines follow one another. */
    record Plain() implements Screen {}

    static Screen of(PrintStream out) {
      java.io.Console console = System.console();
      return console != null && console.isTerminal() ? new Terminal(out) : new Plain();
    }
  }

  private final Host.Output lines;
  private final Screen screen;
  private final LongSupplier nanos;

  /** By layer, the one that began first on top; guarded by this, as all below. */
  private final Map<String, Host.LayerStep> steps = new LinkedHashMap<>();

  private int drawn;
  private long drawnAt;
  private boolean changed;

  ImageOutput(Host.Output lines, Screen screen) {
    this(lines, screen, System::nanoTime);
  }

  ImageOutput(Host.Output lines, Screen screen, LongSupplier nanos) {
    this.lines = lines;
    this.screen = screen;
    this.nanos = nanos;
    drawnAt = nanos.getAsLong() - REDRAW_NANOS;
  }

  @Override
  public synchronized void line(String text) {
    settle();
    lines.line(text);
  }

  @Override
  public synchronized void error(String text) {
    settle();
    lines.error(text);
  }

  @Override
  public synchronized void step(Host.LayerStep step) {
    Host.LayerStep before = steps.put(step.layer(), step);
    changed = true;
    switch (screen) {
      case Screen.Terminal(PrintStream out) -> {
        if (nanos.getAsLong() - drawnAt >= REDRAW_NANOS) {
          draw(out);
        }
      }
      case Screen.Plain plain -> {
        boolean known = before != null && before.phase().equals(step.phase()) && isDone(before);
        if (isDone(step) && !known) {
          lines.line(shortened(step.layer()) + " " + past(step.phase()) + ", " + amount(step));
        }
      }
    }
  }

  /** The last picture stays; what follows comes below. */
  private void settle() {
    if (screen instanceof Screen.Terminal(PrintStream out) && changed) {
      draw(out);
    }
    steps.clear();
    drawn = 0;
    changed = false;
  }

  private void draw(PrintStream out) {
    var picture = new StringBuilder();
    if (drawn > 0) {
      picture.append("\033[").append(drawn).append('A');
    }
    int begun = steps.size();
    drawn = 0;
    for (Host.LayerStep step : steps.values()) {
      if (begun-- > MOST_BARS) {
        continue; // the first ones are done, or nearly
      }
      picture.append('\r').append(bar(step)).append("\033[K\n");
      drawn++;
    }
    out.print(picture);
    out.flush();
    drawnAt = nanos.getAsLong();
    changed = false;
  }

  private static String bar(Host.LayerStep step) {
    long total = Math.max(1, step.totalBytes());
    long done = Math.min(total, isDone(step) ? total : step.doneBytes());
    int cells = (int) (done * BAR_CELLS / total);
    return "%s %-8s [%s%s] %3d%% of %s"
        .formatted(
            shortened(step.layer()),
            step.phase(),
            "#".repeat(cells),
            "-".repeat(BAR_CELLS - cells),
            done * 100 / total,
            amount(step));
  }

  /** What there is to do, and of how much where a part is not here. */
  private static String amount(Host.LayerStep step) {
    return step.wholeBytes() > step.totalBytes()
        ? size(step.totalBytes()) + " that is here of " + size(step.wholeBytes())
        : size(step.totalBytes());
  }

  private static boolean isDone(Host.LayerStep step) {
    return step.doneBytes() >= step.totalBytes();
  }

  private static String shortened(String layer) {
    String hex = layer.substring(layer.indexOf(':') + 1);
    return hex.substring(0, Math.min(12, hex.length()));
  }

  private static String past(String phase) {
    return switch (phase) {
      case "pull" -> "pulled";
      case "convert" -> "converted";
      case "push" -> "pushed";
      case "verify" -> "read again";
      case "present" -> "is there";
      default -> phase;
    };
  }

  static String size(long bytes) {
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }

  @Override
  public synchronized void close() {
    settle();
  }
}
