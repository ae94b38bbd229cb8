package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.image.peer.PeerMetrics;
import dev.nacelle.image.peer.Peers;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.kernel.mount.MountTable;
import dev.nacelle.kernel.mount.Mounts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bits that flip on the disk under whole layers. Needs root and EROFS. */
final class AtRestTest {
  private static final ImageReference NAME = ImageReference.parse("hello");
  private static final long CHUNK_BYTES = 512 << 10;

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private Metrics metrics = new Metrics();
  private byte[] noise = new byte[0];
  private LocalImageStore store;
  private ResolvedImage image;

  @BeforeEach
  void open() throws Exception {
    assumeTrue(
        "root".equals(System.getProperty("user.name"))
            && Files.readString(Path.of("/proc/filesystems")).contains("erofs"),
        "needs root and EROFS");
    noise = new byte[4 * (int) CHUNK_BYTES];
    new Random(1).nextBytes(noise);
    Path tree = Files.createDirectory(directory.resolve("tree"));
    Files.write(tree.resolve("noise"), noise);
    store = reopened();
    image = store.importArchive(tree, NAME);
  }

  @AfterEach
  void unmountEverything() {
    if (store != null) {
      store.close();
    }
    MountTable.read().below(directory).toList().reversed().forEach(e -> Mounts.detach(e.target()));
    registries.close();
  }

  private LocalImageStore reopened() throws InterruptedException {
    metrics = new Metrics();
    return LocalImageStore.open(
        directory.resolve("node"),
        registries,
        new Peers(new PeerMetrics(new Metrics())),
        new LazyReading.Missing("a test"),
        new LocalImageStore.Upkeep(ImageDiskSettings.unbounded(), new RestMetrics(metrics)),
        Clock.systemUTC());
  }

  private Path file(String name) {
    return directory
        .resolve("node/images/layers")
        .resolve(image.layers().getFirst().key())
        .resolve(name);
  }

  /** Turns one bit, in place. */
  static void flip(Path file, long offset) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.read(one, offset);
      one.put(0, (byte) (one.get(0) ^ 4)).flip();
      channel.write(one, offset);
    }
  }

  private void fromAnotherBoot() throws IOException {
    Path seal = file(LayerSeals.FILE);
    Files.writeString(seal, Files.readString(seal).replaceAll("\"boot\":\"..", "\"boot\":\"zz"));
  }

  private RootFilesystem mount(String container) {
    return store.mount(image.id(), container, MountOptions.DEFAULT);
  }

  private ImageException refused(String container) {
    try {
      mount(container);
    } catch (ImageException e) {
      assertThat(e.fault()).isEqualTo(ImageFault.DAMAGED);
      return e;
    }
    throw new AssertionError("it was mounted");
  }

  private long compared(String outcome) {
    return metrics
        .expose("")
        .text()
        .toUtf8()
        .lines()
        .filter(
            l -> l.startsWith("nacelle_image_layers_compared_total{outcome=\"" + outcome + "\"}"))
        .mapToLong(l -> (long) Double.parseDouble(l.substring(l.lastIndexOf(' '))))
        .sum();
  }

  @Test
  void aFlippedBitInTheDataIsNamedAndTheImageIsNotHereAnyMore() throws Exception {
    flip(file(LayerStore.DATA), 3 * CHUNK_BYTES + 17);
    assertThat(refused("c"))
        .hasMessageContaining(image.layers().getFirst().diffId())
        .hasMessageContaining("chunk 3 of the data (bytes 1572864 to 2097152)");
    assertThat(store.resolve(NAME)).isEmpty();
    assertThat(store.mountedContainers()).isEmpty();
    assertThat(file(LayerStore.DATA)).doesNotExist();
    store.importArchive(directory.resolve("tree"), NAME);
    assertThat(mount("c").merged().resolve("noise")).hasBinaryContent(noise);
  }

  @Test
  void aFlippedBitInTheMetadataIsNamedToo() throws Exception {
    flip(file(LayerStore.METADATA), 1030);
    assertThat(refused("c")).hasMessageContaining("the metadata");
    assertThat(store.resolve(NAME)).isEmpty();
  }

  @Test
  void aFileThatIsShorterOrGoneIsNamed() throws Exception {
    try (FileChannel channel = FileChannel.open(file(LayerStore.DATA), StandardOpenOption.WRITE)) {
      channel.truncate(CHUNK_BYTES);
    }
    Files.delete(file(LayerStore.METADATA));
    assertThat(refused("c"))
        .hasMessageContaining("the metadata (it is missing)")
        .hasMessageContaining("the data (524288 bytes, not 2097152)");
  }

  @Test
  void aTimeThatIsSetBackDoesNotHideAChange() throws Exception {
    var before = Files.getLastModifiedTime(file(LayerStore.DATA));
    flip(file(LayerStore.DATA), 0);
    Files.setLastModifiedTime(file(LayerStore.DATA), before);
    assertThat(refused("c")).hasMessageContaining("chunk 0 of the data");
  }

  @Test
  void whoStandsOnADamagedLayerGoesOnAndTheNextOneGetsOtherFiles() throws Exception {
    RootFilesystem old = mount("old");
    assertThat(old.merged().resolve("noise")).hasBinaryContent(noise);
    flip(file(LayerStore.DATA), 0);
    refused("new");
    assertThat(old.merged().resolve("noise")).hasBinaryContent(noise);
    store.importArchive(directory.resolve("tree"), NAME);
    assertThat(mount("new").merged().resolve("noise")).hasBinaryContent(noise);
    store.unmount("old");
    assertThat(mount("new").merged().resolve("noise")).hasBinaryContent(noise);
    assertThat(store.prune(Set.of()).imageIds()).isEmpty();
  }

  @Test
  void aLayerThatStayedMountedWithoutContainersIsLookedAt() throws Exception {
    mount("c");
    store.unmount("c");
    flip(file(LayerStore.DATA), 2 * CHUNK_BYTES);
    assertThat(refused("d")).hasMessageContaining("chunk 2 of the data");
  }

  @Test
  void whatWasChangedAndChangedBackIsNotReadFromWhatWasCachedMeanwhile() throws Exception {
    RootFilesystem root = mount("c");
    flip(file(LayerStore.DATA), 0);
    assertThat(Files.readAllBytes(root.merged().resolve("noise"))).isNotEqualTo(noise);
    store.unmount("c");
    flip(file(LayerStore.DATA), 0);
    assertThat(mount("d").merged().resolve("noise")).hasBinaryContent(noise);
  }

  @Test
  void allImagesOfADamagedLayerLeaveTheStore() throws Exception {
    ImageReference other = ImageReference.parse("other:1");
    store.importArchive(directory.resolve("tree"), other);
    flip(file(LayerStore.DATA), 0);
    refused("c");
    assertThat(store.list()).isEmpty();
  }

  @Test
  void nothingIsComparedTwiceInABootNotEvenByTheNextProcess() throws Exception {
    mount("c");
    store.unmount("c");
    mount("c");
    assertThat(compared("sound")).isZero();
    store.close();
    store = reopened();
    store.unmount("c");
    mount("c");
    assertThat(compared("sound")).isZero();
  }

  @Test
  void whatIsOfAnotherBootIsComparedOnceHoweverManyWantIt() throws Exception {
    store.close();
    fromAnotherBoot();
    store = reopened();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Boolean> mount =
          () -> {
            store.requireSound(image.id());
            return true;
          };
      for (var done : threads.invokeAll(Collections.nCopies(8, mount))) {
        assertThat(done.get()).isTrue();
      }
    }
    mount("c");
    assertThat(compared("sound")).isEqualTo(1);
  }

  @Test
  void whatIsOfAnotherBootIsComparedBeforeItIsWanted() throws Exception {
    store.close();
    fromAnotherBoot();
    store = reopened();
    store.compareAtLeisure();
    Instant end = Instant.now().plus(Duration.ofSeconds(30));
    while (compared("sound") == 0) {
      assertThat(Instant.now()).isBefore(end);
      Thread.onSpinWait();
    }
    mount("c");
    assertThat(compared("sound")).isEqualTo(1);
  }

  @Test
  void aFlipWhileNoProcessRanIsFoundByTheNextOne() throws Exception {
    store.close();
    flip(file(LayerStore.DATA), CHUNK_BYTES);
    store = reopened();
    assertThat(refused("c")).hasMessageContaining("chunk 1 of the data");
  }

  @Test
  void verifyingAnImageTellsTheNextMountWhatItFound() throws Exception {
    store.close();
    fromAnotherBoot();
    store = reopened();
    assertThat(
            new ImageVerification(store)
                .verify(NAME, ImageVerification.Progress.SILENT)
                .differences())
        .isEmpty();
    mount("c");
    assertThat(compared("sound")).isEqualTo(1);
    flip(file(LayerStore.DATA), 0);
    assertThat(
            new ImageVerification(store)
                .verify(NAME, ImageVerification.Progress.SILENT)
                .differences())
        .hasSize(1);
    refused("d");
  }
}
