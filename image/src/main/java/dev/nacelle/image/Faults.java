package dev.nacelle.image;

import dev.nacelle.image.layer.LayerException;
import dev.nacelle.image.registry.DigestMismatchException;
import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/** Names the fault behind an error of the disk or of a layer. */
final class Faults {
  private Faults() {}

  /**
   * @param what completes the sentence "cannot ..."
   * @throws InterruptedException if the error came from an interruption
   */
  static ImageException of(String what, IOException e) throws InterruptedException {
    if (e instanceof ClosedByInterruptException
        || e instanceof java.io.InterruptedIOException
        || Thread.currentThread().isInterrupted()) {
      Thread.interrupted();
      throw new InterruptedException();
    }
    return of(e, what);
  }

  /** Whether the disk is full, by what the JDK or the kernel said. */
  static boolean isFull(Throwable e) {
    for (Throwable at = e; at != null; at = at.getCause()) {
      String why = String.valueOf(at.getMessage());
      if (why.contains("No space left")
          || why.contains("Disk quota exceeded")
          || at instanceof ErrnoException refused && refused.errno() == Errno.ENOSPC) {
        return true;
      }
    }
    return false;
  }

  /** As the other, for work that nobody interrupts. */
  static ImageException of(IOException e, String what) {
    String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    if (e instanceof LayerException) {
      return new ImageException(ImageFault.INVALID_IMAGE, "cannot " + what + ": " + why, e);
    }
    if (e instanceof DigestMismatchException) {
      return new ImageException(ImageFault.DIGEST_MISMATCH, "cannot " + what + ": " + why, e);
    }
    boolean full = isFull(e);
    return new ImageException(
        full ? ImageFault.NO_SPACE : ImageFault.HOST,
        "cannot " + what + ": " + (full ? "the disk is full; try image prune" : why),
        e);
  }
}
