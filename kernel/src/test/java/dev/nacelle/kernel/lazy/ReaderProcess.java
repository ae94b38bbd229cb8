package dev.nacelle.kernel.lazy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A process that reads every block of a file once in each of its threads, in orders of their own,
 * and checks every byte. An error is counted and the block read again.
 */
final class ReaderProcess {
  private static final int TRIES = 200;

  /** How the file is read. */
  enum Way {
    PREAD,
    MMAP
  }

  /** What it saw. */
  record Result(long reads, long wrong, long errors) {
    static Result parse(String line) {
      String[] parts = line.strip().split(" ", -1);
      return new Result(
          Long.parseLong(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2]));
    }
  }

  private ReaderProcess() {}

  static Process start(Way way, Path file, long seed, int threads, int blockBytes)
      throws IOException {
    return ChildJvm.start(
        ReaderProcess.class,
        List.of(
            way.name(),
            file.toString(),
            Long.toString(seed),
            Integer.toString(threads),
            Integer.toString(blockBytes)));
  }

  static Result result(Process process) throws IOException, InterruptedException {
    String line = new String(process.getInputStream().readAllBytes(), ChildJvm.CHARSET);
    if (process.waitFor() != 0) {
      throw new AssertionError("a reader failed: " + line);
    }
    return Result.parse(line);
  }

  public static void main(String[] arguments) throws Exception {
    Way way = Way.valueOf(arguments[0]);
    int threads = Integer.parseInt(arguments[3]);
    int block = Integer.parseInt(arguments[4]);
    AtomicLong reads = new AtomicLong();
    AtomicLong wrong = new AtomicLong();
    AtomicLong errors = new AtomicLong();
    List<Thread> running = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      long seed = Long.parseLong(arguments[2]) + i;
      running.add(
          Thread.ofPlatform()
              .start(() -> readAll(way, Path.of(arguments[1]), seed, block, reads, wrong, errors)));
    }
    for (Thread thread : running) {
      thread.join();
    }
    System.out.println(reads + " " + wrong + " " + errors);
  }

  private static void readAll(
      Way way,
      Path path,
      long seed,
      int block,
      AtomicLong reads,
      AtomicLong wrong,
      AtomicLong errors) {
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = file.size();
      List<Long> offsets = new ArrayList<>();
      for (long at = 0; at < size; at += block) {
        offsets.add(at);
      }
      Collections.shuffle(offsets, new Random(seed));
      MappedByteBuffer mapped =
          way == Way.MMAP ? file.map(FileChannel.MapMode.READ_ONLY, 0, size) : null;
      ByteBuffer buffer = ByteBuffer.allocateDirect(block);
      for (long at : offsets) {
        int length = (int) Math.min(block, size - at);
        for (int attempt = 0; ; attempt++) {
          try {
            ByteBuffer seen =
                mapped == null ? pread(file, buffer, at, length) : mapped.slice((int) at, length);
            reads.incrementAndGet();
            wrong.addAndGet(Pattern.wrong(seen, at, length));
            break;
          } catch (IOException | InternalError e) { // the latter: SIGBUS at the mapping
            errors.incrementAndGet();
            if (attempt == TRIES) {
              throw new AssertionError("cannot read at " + at, e);
            }
          }
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static ByteBuffer pread(FileChannel file, ByteBuffer buffer, long at, int length)
      throws IOException {
    buffer.clear().limit(length);
    while (buffer.hasRemaining()) {
      if (file.read(buffer, at + buffer.position()) < 0) {
        throw new AssertionError("the file ends too soon");
      }
    }
    return buffer;
  }
}
