package dev.nacelle.image;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Notices that somebody else has changed a file that is being written here: it knows how each write
 * of its own has left it. What another one writes in the very moment of such a write, it takes for
 * its own. Safe for any thread; one write at a time, as the file system has it anyway.
 */
final class WriteTrail {
  /** Changes the file. */
  @FunctionalInterface
  interface Write {
    void run() throws IOException;
  }

  private final Path file;

  /** Guarded by this, as the other. */
  private FileMark left;

  private boolean doubted;

  WriteTrail(Path file) throws IOException {
    this.file = file;
    this.left = FileMark.of(file);
  }

  synchronized void write(Write write) throws IOException {
    look();
    write.run();
    left = FileMark.of(file);
  }

  /** Whether somebody else has changed it, since the last {@link #believe}. */
  synchronized boolean isDoubted() throws IOException {
    look();
    return doubted;
  }

  /** What is in the file is about to be compared: what is changed from here on is noticed anew. */
  synchronized void believe() throws IOException {
    left = FileMark.of(file);
    doubted = false;
  }

  /** Something is wrong with it. */
  synchronized void doubt() {
    doubted = true;
  }

  private void look() throws IOException {
    if (!FileMark.of(file).equals(left)) {
      doubted = true;
    }
  }
}
