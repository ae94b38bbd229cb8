package dev.nacelle.node.endpoint;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ResponseStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Sends one container's log, from a file in the CRI format ({@code TIME STREAM P|F TEXT}), as the
 * kubelet does. For one thread, used once.
 */
final class LogStream {
  private static final int CHUNK = 64 << 10;
  private static final int MAX_LINE = 1 << 20;
  private static final long POLL_MILLIS = 20;
  private static final long MAX_POLL_MILLIS = 250;

  private final Path path;
  private final LogOptions options;
  private final BooleanSupplier running;
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private long bytesLeft;
  private boolean lineBegun;

  /**
   * @param running whether the container may still write; asked when the end is reached
   */
  LogStream(Path path, LogOptions options, BooleanSupplier running) {
    this.path = path;
    this.options = options;
    this.running = running;
    this.bytesLeft = options.limitBytes().orElse(Long.MAX_VALUE);
  }

  /**
   * Sends the log; with follow until the container ends or the client leaves.
   *
   * @param out closed at the end, cut where the log cannot be read
   */
  void send(ResponseStream out) throws IOException, InterruptedException {
    out.flush();
    try {
      if (Files.exists(path)) {
        copy(out);
      }
      out.close();
    } catch (IOException | RuntimeException e) {
      out.abort();
      throw e;
    }
  }

  private void copy(ResponseStream out) throws IOException, InterruptedException {
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "r");
    try {
      Object identity = identity().orElse("");
      long length = file.length();
      file.seek(options.tailLines().isPresent() ? tailStart(file, length) : 0);
      if (!options.follow()) {
        // what is written from now on is not asked for: the last line is the last line
        drain(file, length, new ByteArrayOutputStream(), out);
        return;
      }
      long wait = POLL_MILLIS;
      var line = new ByteArrayOutputStream();
      while (!out.isClosed() && bytesLeft > 0) {
        // asked before the read: what a container wrote before its end is then read
        boolean mayGrow = running.getAsBoolean();
        if (drain(file, Long.MAX_VALUE, line, out)) {
          out.flush();
          wait = POLL_MILLIS;
          continue;
        }
        Optional<Object> present = identity();
        if (present.isPresent() && !present.get().equals(identity)) {
          // rotated: the writer has gone over to the new file, so the old one is complete now
          drain(file, Long.MAX_VALUE, line, out);
          file.close();
          file = new RandomAccessFile(path.toFile(), "r");
          identity = present.get();
          continue;
        }
        if (!mayGrow) {
          return;
        }
        Thread.sleep(wait);
        wait = Math.min(wait * 2, MAX_POLL_MILLIS);
      }
    } finally {
      file.close();
    }
  }

  /** Sends what there is before an offset; false if there was nothing. */
  private boolean drain(
      RandomAccessFile file, long end, ByteArrayOutputStream line, ResponseStream out)
      throws IOException, InterruptedException {
    byte[] chunk = new byte[CHUNK];
    boolean any = false;
    while (bytesLeft > 0 && !out.isClosed()) {
      int count = file.read(chunk, 0, (int) Math.min(CHUNK, end - file.getFilePointer()));
      if (count <= 0) {
        break;
      }
      split(chunk, count, line, out);
      any = true;
    }
    return any;
  }

  /** Which file the path leads to now; none in the midst of a rotation. */
  private Optional<Object> identity() throws IOException {
    try {
      return Optional.of(Files.getAttribute(path, "unix:ino"));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private void split(byte[] chunk, int count, ByteArrayOutputStream line, ResponseStream out)
      throws IOException, InterruptedException {
    int from = 0;
    for (int i = 0; i < count; i++) {
      if (chunk[i] == '\n') {
        line.write(chunk, from, i - from);
        from = i + 1;
        entry(line.toByteArray());
        line.reset();
        if (pending.size() >= CHUNK) {
          flushTo(out);
        }
      }
    }
    line.write(chunk, from, count - from);
    if (line.size() > MAX_LINE) {
      throw new IOException("a line of the log " + path.getFileName() + " has no end");
    }
    flushTo(out);
  }

  private void flushTo(ResponseStream out) throws IOException, InterruptedException {
    if (pending.size() > 0) {
      byte[] bytes = pending.toByteArray();
      int count = (int) Math.min(bytes.length, bytesLeft);
      bytesLeft -= count;
      out.write(Bytes.wrap(count == bytes.length ? bytes : Arrays.copyOf(bytes, count)));
      pending.reset();
    }
  }

  /** One line of the file; what is not of the format is passed over. */
  private void entry(byte[] line) {
    int first = indexOf(line, 0);
    int second = first < 0 ? -1 : indexOf(line, first + 1);
    int third = second < 0 ? -1 : indexOf(line, second + 1);
    if (second < 0) {
      return;
    }
    int text = third < 0 ? line.length : third + 1;
    boolean partial = line.length > second + 1 && line[second + 1] == 'P';
    String stream = new String(line, first + 1, second - first - 1, StandardCharsets.US_ASCII);
    if (!options.stream().equals("All")
        && !options.stream().toLowerCase(Locale.ROOT).equals(stream)) {
      return;
    }
    String time = new String(line, 0, first, StandardCharsets.US_ASCII);
    if (options.since().isPresent() && isBefore(time, options.since().get())) {
      return;
    }
    if (options.timestamps() && !lineBegun) {
      pending.writeBytes((time + " ").getBytes(StandardCharsets.US_ASCII));
    }
    pending.write(line, text, line.length - text);
    lineBegun = partial;
    if (!partial) {
      pending.write('\n');
    }
  }

  private static boolean isBefore(String time, Instant since) {
    try {
      return Instant.parse(time).isBefore(since);
    } catch (DateTimeException e) {
      return false;
    }
  }

  private static int indexOf(byte[] line, int from) {
    for (int i = from; i < line.length; i++) {
      if (line[i] == ' ') {
        return i;
      }
    }
    return -1;
  }

  /** Where the last so many whole lines before an offset begin; read backwards. */
  private long tailStart(RandomAccessFile file, long end) throws IOException {
    long wanted = options.tailLines().getAsLong();
    if (wanted <= 0) {
      return end;
    }
    byte[] chunk = new byte[CHUNK];
    long lines = -1; // the first line end found is that of the last line
    long at = end;
    while (at > 0) {
      int size = (int) Math.min(CHUNK, at);
      at -= size;
      file.seek(at);
      file.readFully(chunk, 0, size);
      for (int i = size - 1; i >= 0; i--) {
        if (chunk[i] == '\n' && ++lines == wanted) {
          return at + i + 1;
        }
      }
    }
    return 0;
  }
}
