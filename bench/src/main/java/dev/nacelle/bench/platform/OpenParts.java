package dev.nacelle.bench.platform;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What has been started and is to be ended, the last first, also where a part fails. */
public final class OpenParts implements AutoCloseable {
  /** Ends something. */
  @FunctionalInterface
  public interface Part {
    void close() throws IOException, InterruptedException;
  }

  private final List<Part> parts = new ArrayList<>();

  /** Remembers one; its number. */
  public int add(Part part) {
    parts.add(part);
    return parts.size() - 1;
  }

  /** Something else stands in the place of one. */
  public void replace(int number, Part part) {
    parts.set(number, part);
  }

  @Override
  public void close() throws IOException, InterruptedException {
    close(parts.reversed());
  }

  private static void close(List<Part> parts) throws IOException, InterruptedException {
    if (!parts.isEmpty()) {
      try {
        parts.getFirst().close();
      } finally {
        close(parts.subList(1, parts.size()));
      }
    }
  }
}
