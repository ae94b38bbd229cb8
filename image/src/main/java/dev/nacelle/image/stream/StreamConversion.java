package dev.nacelle.image.stream;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.io.ByteArrayOutputStream;
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
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

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
    DataArrival all = DataArrival.whole(Files.size(data));
    return convert(diffId, metadata, data, directory, all, progress);
  }

  /**
   * As the other, while the data is still being written.
   *
   * @param diffId as promised: the caller compares it with the layer in the end
   * @param metadata is there when the arrival has ended
   * @param data exists when some of it has arrived
   * @param arrival of the data
   */
  public StreamForm convert(
      String diffId,
      Path metadata,
      Path data,
      Path directory,
      DataArrival arrival,
      LongConsumer progress)
      throws IOException, InterruptedException {
    if (!diffId.matches("sha256:[0-9a-f]{64}")) {
      throw new IllegalArgumentException("cannot convert layer: no diff id: " + diffId);
    }
    Bytes salt = Bytes.wrap(HexFormat.of().parseHex(diffId.substring("sha256:".length())));
    Path chunks = directory.resolve(CHUNKS);
    MessageDigest digest = Sha256.newDigest();
    arrival.await(1);
    Output packed;
    try (FileChannel in = FileChannel.open(data, StandardOpenOption.READ);
        FileChannel out = create(chunks)) {
      packed = new Output(out, digest);
      packAll(new Input(in, salt, arrival), packed, progress);
    }
    long size = arrival.awaitEnd();
    if (Files.size(data) != size) {
      throw new IOException("cannot convert layer: its data has not " + size + " bytes");
    }
    MetadataBlob.Packed head = MetadataBlob.pack(salt, metadata, directory.resolve(METADATA));
    var index = new StreamIndex(salt, size, packed.lengths(), packed.hashes(), head.metadata());
    StoredBlob indexBlob = writeIndex(index, directory.resolve(INDEX));
    return new StreamForm(
        index,
        indexBlob,
        head.blob(),
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
  private static final class Output {
    private final FileChannel channel;
    private final MessageDigest digest;
    private final IntStream.Builder lengths = IntStream.builder();
    private final ByteArrayOutputStream hashes = new ByteArrayOutputStream();

    Output(FileChannel channel, MessageDigest digest) {
      this.channel = channel;
      this.digest = digest;
    }

    void append(Work work) throws IOException {
      lengths.add(work.storedBytes());
      hashes.writeBytes(work.hash());
      digest.update(work.stored(), 0, work.storedBytes());
      var bytes = ByteBuffer.wrap(work.stored(), 0, work.storedBytes());
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    int[] lengths() {
      return lengths.build().toArray();
    }

    byte[] hashes() {
      return hashes.toByteArray();
    }
  }

  /** Where chunks come from. A whole chunk has the same hash however long the data gets. */
  private record Input(FileChannel channel, Bytes salt, DataArrival arrival) {
    /** The tree to hash a chunk with; empty behind the last one. Waits until the chunk is there. */
    Optional<VerityTree> tree(int chunk) throws IOException, InterruptedException {
      long from = (long) chunk * VerityTree.CHUNK_BYTES;
      long to = from + VerityTree.CHUNK_BYTES;
      long there = arrival.await(to);
      return there <= from
          ? Optional.empty()
          : Optional.of(new VerityTree(salt, Math.min(there, to)));
    }

    /** Reads a chunk; what the file does not have yet of it is zeros. */
    void read(int chunk, byte[] plain, int size) throws IOException {
      long from = (long) chunk * VerityTree.CHUNK_BYTES;
      var into = ByteBuffer.wrap(plain, 0, size);
      int got = 0;
      while (into.hasRemaining() && got >= 0) {
        got = channel.read(into, from + into.position());
      }
      Arrays.fill(plain, into.position(), size, (byte) 0);
    }
  }

  private void packAll(Input in, Output out, LongConsumer progress)
      throws IOException, InterruptedException {
    var free = new ArrayDeque<Bench>();
    var begun = new ArrayDeque<Future<Work>>();
    var all = new ArrayDeque<Bench>();
    ExecutorService workers =
        Executors.newFixedThreadPool(
            parallelism, Thread.ofPlatform().daemon().name("nacelle-convert-", 0).factory());
    try {
      int written = 0;
      Optional<VerityTree> tree = in.tree(0);
      for (int n = 0; tree.isPresent(); n++) {
        if (free.isEmpty() && all.size() < parallelism + SPARE_BENCHES) {
          all.add(new Bench());
          free.add(all.getLast());
        } else if (free.isEmpty()) {
          free.add(finish(begun.remove(), written++, out));
          progress.accept((long) written * VerityTree.CHUNK_BYTES);
        }
        int chunk = n;
        VerityTree hashing = tree.get();
        Bench bench = free.remove();
        begun.add(workers.submit(() -> pack(in, hashing, chunk, bench)));
        tree = in.tree(n + 1);
      }
      while (!begun.isEmpty()) {
        finish(begun.remove(), written++, out);
      }
      progress.accept(in.arrival().awaitEnd());
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
      out.append(work);
      return work.bench();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw new IOException("cannot convert chunk " + chunk + ": " + io.getMessage(), io);
      }
      throw new IllegalStateException("cannot convert chunk " + chunk, e.getCause());
    }
  }

  private static Work pack(Input in, VerityTree tree, int chunk, Bench bench) throws IOException {
    int size = tree.chunkBytes(chunk);
    in.read(chunk, bench.plain, size);
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
