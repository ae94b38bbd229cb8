package dev.nacelle.image.stream;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/**
 * Makes the streaming form of a layer from its two files. Chunks are hashed and compressed on
 * several processors and written in their order, with a few of them in memory (about 1.5 MiB each).
 * Nothing is fsynced: the files go to a registry, and then away. The same layer gives the same
 * bytes at any parallelism and on any host with the same zstd; the root hashes are the same
 * whatever compressed the chunks. Safe for any thread.
 */
public final class StreamConversion {
  /** Names of the three files it makes. */
  public static final String INDEX = "stream.index";

  public static final String METADATA = "stream.metadata";
  public static final String CHUNKS = "stream.chunks";

  private static final int LEVEL = 2;
  private static final int SPARE_BENCHES = 2;
  private static final byte[] ZEROS = new byte[VerityTree.CHUNK_BYTES];

  private final int parallelism;

  /**
   * @param parallelism how many chunks are worked on at once, usually one a processor
   */
  public StreamConversion(int parallelism) {
    if (parallelism < 1 || parallelism > 256) {
      throw new IllegalArgumentException("parallelism " + parallelism);
    }
    this.parallelism = parallelism;
  }

  /** What one chunk became; {@code bench} holds its bytes until they are written. */
  private record Work(Bench bench, int storedBytes, byte[] stored, byte[] hash) {}

  /** Buffers for one chunk, and a compressor. */
  private static final class Bench implements AutoCloseable {
    private final byte[] plain = new byte[VerityTree.CHUNK_BYTES];
    private final byte[] packed = new byte[(int) Zstd.compressBound(VerityTree.CHUNK_BYTES)];
    private final ZstdCompressCtx compressor = new ZstdCompressCtx().setLevel(LEVEL);

    @Override
    public void close() {
      compressor.close();
    }
  }

  /**
   * Converts a layer. What it leaves behind after a failure is for the caller to remove, with the
   * directory.
   *
   * @param diffId {@code sha256:HEX}
   * @param metadata the metadata image
   * @param data the data blob
   * @param directory where the three files go; they must not exist
   */
  public StreamForm convert(String diffId, Path metadata, Path data, Path directory)
      throws IOException, InterruptedException {
    return convert(diffId, metadata, data, directory, doneBytes -> {});
  }

  /**
   * As the other.
   *
   * @param progress hears, on the calling thread, how many bytes of the data are converted
   */
  public StreamForm convert(
      String diffId, Path metadata, Path data, Path directory, LongConsumer progress)
      throws IOException, InterruptedException {
    if (!diffId.matches("sha256:[0-9a-f]{64}")) {
      throw new IllegalArgumentException("cannot convert layer: no diff id: " + diffId);
    }
    Bytes salt = Bytes.wrap(HexFormat.of().parseHex(diffId.substring("sha256:".length())));
    MetadataBlob.Packed packed = MetadataBlob.pack(salt, metadata, directory.resolve(METADATA));
    var tree = new VerityTree(salt, Files.size(data));
    int[] lengths = new int[tree.chunks()];
    byte[] hashes = new byte[tree.chunks() * VerityTree.HASH_BYTES];
    Path chunks = directory.resolve(CHUNKS);
    MessageDigest digest = Sha256.newDigest();
    try (FileChannel in = FileChannel.open(data, StandardOpenOption.READ);
        FileChannel out = create(chunks)) {
      packAll(tree, in, new Output(out, digest, lengths, hashes), progress);
    }
    var index = new StreamIndex(salt, tree.sizeBytes(), lengths, hashes, packed.metadata());
    StoredBlob indexBlob = writeIndex(index, directory.resolve(INDEX));
    return new StreamForm(
        index,
        indexBlob,
        packed.blob(),
        new StoredBlob(chunks, Sha256.text(digest), index.storedBytes()));
  }

  private static FileChannel create(Path file) throws IOException {
    return FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  private static StoredBlob writeIndex(StreamIndex index, Path file) throws IOException {
    Bytes bytes = index.toBytes();
    try (FileChannel out = create(file)) {
      Channels.write(out, 0, bytes.asByteBuffer());
    }
    return new StoredBlob(file, Sha256.of(bytes), bytes.sizeBytes());
  }

  /** Where finished chunks go, in their order; for one thread. */
  private record Output(FileChannel channel, MessageDigest digest, int[] lengths, byte[] hashes) {
    void append(int chunk, Work work) throws IOException {
      lengths[chunk] = work.storedBytes();
      System.arraycopy(
          work.hash(), 0, hashes, chunk * VerityTree.HASH_BYTES, VerityTree.HASH_BYTES);
      digest.update(work.stored(), 0, work.storedBytes());
      var bytes = ByteBuffer.wrap(work.stored(), 0, work.storedBytes());
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  private void packAll(VerityTree tree, FileChannel in, Output out, LongConsumer progress)
      throws IOException, InterruptedException {
    var free = new ArrayDeque<Bench>();
    var begun = new ArrayDeque<Future<Work>>();
    var all = new ArrayDeque<Bench>();
    ExecutorService workers =
        Executors.newFixedThreadPool(
            parallelism, Thread.ofPlatform().daemon().name("nacelle-convert-", 0).factory());
    try {
      int written = 0;
      for (int n = 0; n < tree.chunks(); n++) {
        if (free.isEmpty() && all.size() < parallelism + SPARE_BENCHES) {
          all.add(new Bench());
          free.add(all.getLast());
        } else if (free.isEmpty()) {
          free.add(finish(begun.remove(), written++, out));
          progress.accept((long) written * VerityTree.CHUNK_BYTES);
        }
        int chunk = n;
        Bench bench = free.remove();
        begun.add(workers.submit(() -> pack(tree, chunk, in, bench)));
      }
      while (!begun.isEmpty()) {
        finish(begun.remove(), written++, out);
        progress.accept(Math.min(tree.sizeBytes(), (long) written * VerityTree.CHUNK_BYTES));
      }
    } finally {
      workers.shutdownNow();
      boolean interrupted = false;
      while (!workers.isTerminated()) { // a chunk takes milliseconds
        try {
          workers.awaitTermination(1, java.util.concurrent.TimeUnit.SECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      all.forEach(Bench::close);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static Bench finish(Future<Work> future, int chunk, Output out)
      throws IOException, InterruptedException {
    try {
      Work work = future.get();
      out.append(chunk, work);
      return work.bench();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw new IOException("cannot convert chunk " + chunk + ": " + io.getMessage(), io);
      }
      throw new IllegalStateException("cannot convert chunk " + chunk, e.getCause());
    }
  }

  private static Work pack(VerityTree tree, int chunk, FileChannel in, Bench bench)
      throws IOException {
    int size = tree.chunkBytes(chunk);
    Channels.read(in, (long) chunk * VerityTree.CHUNK_BYTES, ByteBuffer.wrap(bench.plain, 0, size));
    byte[] hash = tree.chunkHash(chunk, bench.plain);
    if (Arrays.mismatch(bench.plain, 0, size, ZEROS, 0, size) < 0) {
      return new Work(bench, 0, bench.plain, hash);
    }
    int packed =
        bench.compressor.compressByteArray(
            bench.packed, 0, bench.packed.length, bench.plain, 0, size);
    return packed < size
        ? new Work(bench, packed, bench.packed, hash)
        : new Work(bench, size, bench.plain, hash);
  }
}
