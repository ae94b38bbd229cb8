package dev.nacelle.image.distribution;

import dev.nacelle.base.http.ResponseStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A blob that is arriving from its origin: one writer, any number of readers that follow it. The
 * last bytes are shown when the digest of the whole is proved, so that nobody takes a wrong blob
 * for a whole one. Safe for any thread.
 */
final class BlobFetch implements Answers.Body {
  /** Bytes that readers do not see before the end; a blob that is no larger is shown at once. */
  private static final int HELD_BACK_BYTES = 1;

  private final Path home;
  private long sizeBytes = -1;
  private long arrivedBytes;
  private Optional<Path> draft = Optional.empty();
  private boolean proved;
  private Optional<IOException> failure = Optional.empty();

  /**
   * @param home where it will be
   */
  BlobFetch(Path home) {
    this.home = home;
  }

  /** The writer knows how much there is, and where it lies meanwhile. */
  synchronized void begun(long size, Path data) {
    sizeBytes = size;
    draft = Optional.of(data);
    notifyAll();
  }

  /** The writer's source; what was read from it before is written when the next is read. */
  InputStream followed(InputStream in, UploadSession session) {
    return new FilterInputStream(in) {
      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        arrived(session.sizeBytes());
        return super.read(into, offset, length);
      }
    };
  }

  private synchronized void arrived(long bytes) {
    arrivedBytes = bytes;
    notifyAll();
  }

  synchronized void proved() {
    proved = true;
    notifyAll();
  }

  synchronized void failed(IOException why) {
    failure = Optional.of(why);
    notifyAll();
  }

  /** Waits until it is known how large it is. */
  @Override
  public synchronized long sizeBytes() throws IOException, InterruptedException {
    while (sizeBytes < 0) {
      goOn();
    }
    return sizeBytes;
  }

  /** Waits until something behind {@code from} may be shown; up to where, at most {@code end}. */
  private synchronized long shown(long from, long end) throws IOException, InterruptedException {
    while (true) {
      long until = proved ? sizeBytes : Math.min(arrivedBytes, sizeBytes - HELD_BACK_BYTES);
      if (until > from) {
        return Math.min(until, end);
      }
      goOn();
    }
  }

  private void goOn() throws IOException, InterruptedException {
    if (failure.isPresent()) {
      throw failure.get();
    }
    wait();
  }

  @Override
  public void write(ResponseStream out, long offset, long count)
      throws IOException, InterruptedException {
    long end = offset + count;
    try (FileChannel channel = open()) {
      for (long at = offset; at < end; ) {
        long until = shown(at, end);
        out.writeFile(channel, at, until - at);
        at = until;
      }
    }
  }

  /** The draft becomes the blob under the reader's hands: the bytes are the same. */
  private FileChannel open() throws IOException, InterruptedException {
    try {
      return FileChannel.open(draft(), StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      awaitEnd();
      return FileChannel.open(home, StandardOpenOption.READ);
    }
  }

  private synchronized Path draft() throws IOException, InterruptedException {
    while (draft.isEmpty()) {
      goOn();
    }
    return draft.get();
  }

  private synchronized void awaitEnd() throws IOException, InterruptedException {
    while (!proved) {
      goOn();
    }
  }
}
