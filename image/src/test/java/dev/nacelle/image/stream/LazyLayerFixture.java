package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.task.Backoff;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** A lazy layer over a sample, in a directory of its own. */
final class LazyLayerFixture implements AutoCloseable {
  static final Duration LONG = Duration.ofMinutes(5);
  static final FetchPolicy PATIENT = policy(LONG, LONG, 3);

  final SampleStream sample;
  final LazyLayerFiles files;
  final AtomicInteger wholeTold = new AtomicInteger();
  final AtomicBoolean room = new AtomicBoolean(true);
  private final ReadListener readers;
  private FileChannel channel;
  LazyLayer layer;

  LazyLayerFixture(SampleStream sample, Path directory, FetchPolicy policy, ChunkSource... sources)
      throws IOException {
    this(sample, directory, policy, ReadListener.NONE, sources);
  }

  LazyLayerFixture(
      SampleStream sample,
      Path directory,
      FetchPolicy policy,
      ReadListener readers,
      ChunkSource... sources)
      throws IOException {
    this.readers = readers;
    this.sample = sample;
    this.files = new LazyLayerFiles(Files.createDirectory(directory));
    files.create(sample.index(), "boot-1");
    channel = openChannel();
    layer = open(policy, "boot-1", sources);
  }

  static FetchPolicy policy(Duration hedge, Duration timeout, int rounds) {
    var quick = new Backoff(Duration.ofMillis(1), Duration.ofMillis(4), 2, 0.5);
    return new FetchPolicy(
        6, 3, 4, 4, 4, hedge, timeout, LONG, rounds, quick, new Backoff(LONG, LONG, 1, 0));
  }

  private FileChannel openChannel() throws IOException {
    return FileChannel.open(files.data(), StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private LazyLayer open(FetchPolicy policy, String boot, ChunkSource... sources)
      throws IOException {
    var settings =
        new LazyLayerSettings(
            ChunkSources.always(List.of(sources)),
            policy,
            InstantSource.system(),
            boot,
            wholeTold::incrementAndGet,
            readers,
            room::get);
    return LazyLayer.open(sample.index(), files, BlobFile.of(channel), settings);
  }

  /** As after the end of the process, or of the machine where the boot is another. */
  void reopen(FetchPolicy policy, String boot, ChunkSource... sources) throws IOException {
    close();
    channel = openChannel();
    layer = open(policy, boot, sources);
  }

  void fill(int chunk) throws IOException, InterruptedException {
    layer.fill((long) chunk * VerityTree.CHUNK_BYTES, 1);
  }

  void fillAll() throws IOException, InterruptedException {
    layer.fill(0, sample.data().length);
  }

  /** The bytes of a chunk in the file. */
  Bytes inFile(int chunk) throws IOException {
    byte[] all = Files.readAllBytes(files.data());
    int from = chunk * VerityTree.CHUNK_BYTES;
    return Bytes.wrap(Arrays.copyOfRange(all, from, from + sample.index().chunkBytes(chunk)));
  }

  /** What the shared map says, read as the keeper does. */
  boolean isPresent(int chunk) throws IOException {
    byte[] map = Files.readAllBytes(files.map());
    return (map[chunk / 8] >> chunk % 8 & 1) != 0; // the same place in little endian words
  }

  void assertWhole() throws IOException {
    assertThat(Files.readAllBytes(files.data())).isEqualTo(sample.data());
    for (int n = 0; n < sample.index().chunks(); n++) {
      assertThat(isPresent(n)).as("chunk " + n).isTrue();
    }
    assertThat(layer.isWhole()).isTrue();
  }

  boolean channelIsOpen() {
    return channel.isOpen();
  }

  @Override
  public void close() throws IOException {
    layer.close();
    channel.close();
  }
}
