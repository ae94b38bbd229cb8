package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.stream.StreamConversion;
import dev.nacelle.image.stream.StreamForm;
import dev.nacelle.image.stream.StreamReferrer;
import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.keeper.LazySupport;
import dev.nacelle.kernel.lazy.PreContent;
import dev.nacelle.kernel.process.Companions;
import dev.nacelle.kernel.process.Poller;
import dev.nacelle.testbed.DebianRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Images that are mounted before they are here, from a real registry and with a real keeper. Needs
 * root, pre-content events, Debian's docker-registry and skopeo.
 */
final class LazyPullTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private Optional<DebianRegistry> registry = Optional.empty();
  private Optional<LocalImageStore> store = Optional.empty();
  private Path run;
  private Poller poller;
  private ImageReference reference;

  @BeforeEach
  void prepare() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    assumeTrue(DebianRegistry.canBePushedTo(), "needs Debian's docker-registry and skopeo");
    poller = Poller.open();
    run = Files.createDirectories(directory.resolve("node/run"));
    Files.createDirectories(run.resolve("containers"));
    KeeperClient.start(Companions.extract(directory.resolve("bin")), run, 0);
    try (KeeperClient keeper = keeper()) {
      if (keeper.lazySupport() instanceof LazySupport.Missing(String why)) {
        abort("no pre-content events: " + why);
      }
    }
    registry = Optional.of(DebianRegistry.start(directory));
    registry.get().push(SampleLayout.write(directory), "team/app:1");
    reference = ImageReference.parse(registry.get().host() + "/team/app:1");
    convert();
    store = Optional.of(open());
  }

  @AfterEach
  void end() throws Exception {
    if (store.isPresent()) {
      store.get().mountedContainers().forEach(store.get()::unmount);
      store.get().unmountIdleLayers();
      store.get().close();
    }
    registry.ifPresent(DebianRegistry::close);
    registries.close();
    if (run != null) {
      PreContent.discardAll(poller, run);
      try (KeeperClient keeper = keeper()) {
        keeper.shutDown();
      }
    }
    if (poller != null) {
      poller.close();
    }
  }

  private KeeperClient keeper() throws InterruptedException {
    return KeeperClient.connect(
        poller,
        run,
        new KeeperClient.Listener() {
          @Override
          public void monitorDied(String containerId, KeeperClient.Replacement replacement) {}

          @Override
          public void ended() {}
        });
  }

  private LocalImageStore open() throws InterruptedException {
    return LocalImageStore.open(
        directory.resolve("node"), registries, new LazyReading.Available(run), Clock.systemUTC());
  }

  /** Lays the streaming form of the image beside it, by way of a store that has it whole. */
  private void convert() throws Exception {
    try (var whole =
        LocalImageStore.open(directory.resolve("converter"), registries, Clock.systemUTC())) {
      ResolvedImage image = pull(whole).image();
      List<StreamForm> forms = new ArrayList<>();
      for (ImageLayer layer : image.layers()) {
        Path files = directory.resolve("converter/images/layers").resolve(layer.key());
        forms.add(
            new StreamConversion(2)
                .convert(
                    layer.diffId(),
                    files.resolve(LayerStore.METADATA),
                    files.resolve(LayerStore.DATA),
                    Files.createTempDirectory(directory, "form-")));
      }
      Bytes manifest =
          registries
              .repository(reference, Optional.empty())
              .resolve(Platform.host())
              .manifests()
              .getLast();
      StreamReferrer.publish(
          registries.writer(reference, Optional.empty()),
          Descriptor.of(MediaTypes.OCI_MANIFEST, manifest),
          forms);
    }
  }

  private Ensured.Pulled pull(LocalImageStore into) throws InterruptedException {
    return (Ensured.Pulled)
        into.ensure(PullRequest.of(reference, PullPolicy.IF_NOT_PRESENT), PullProgress.SILENT);
  }

  private static void await(String what, BooleanSupplier condition) {
    Instant end = Instant.now().plus(PATIENCE);
    while (!condition.getAsBoolean()) {
      assertThat(Instant.now()).as("waiting until " + what).isBefore(end);
      Thread.onSpinWait();
    }
  }

  private byte[] noise() throws IOException {
    return Files.readAllBytes(directory.resolve("work/b/noise"));
  }

  /** The layer of the large file. */
  private Path layer(ResolvedImage image) {
    return directory.resolve("node/images/layers").resolve(image.layers().getLast().key());
  }

  private static long allocatedBytes(Path file) throws Exception {
    return 512
        * Long.parseLong(
            new String(
                    new ProcessBuilder("stat", "-c", "%b", file.toString())
                        .start()
                        .getInputStream()
                        .readAllBytes(),
                    java.nio.charset.StandardCharsets.UTF_8)
                .strip());
  }

  @Test
  void whileTheFirstStartIsRecordedNobodyIsToldToRemoveTheImage() throws Exception {
    pull(store.get());
    assertThatThrownBy(
            () ->
                new ImageTraces(store.get(), Clock.systemUTC())
                    .show(reference, PullSecrets.NONE, LayerProgress.SILENT))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining("is being recorded, and laid down when it has been quiet")
        .hasMessageNotContaining("remove");
  }

  @Test
  void anImageIsMountedBeforeItIsHereAndArrivesAsItIsRead() throws Exception {
    Ensured.Pulled pulled = pull(store.orElseThrow());
    assertThat(pulled.arrival()).isEqualTo(new Arrival.Streamed());
    RootFilesystem root = store.orElseThrow().mount(pulled.image().id(), "c", MountOptions.DEFAULT);
    assertThat(allocatedBytes(layer(pulled.image()).resolve(LayerStore.DATA)))
        .isLessThanOrEqualTo(4096);
    assertThat(root.merged().resolve("noise")).hasSize(3 << 20);
    assertThat(root.merged().resolve("one")).hasContent("one");
    assertThat(root.merged().resolve("noise")).hasBinaryContent(noise());
    await(
        "the layer is whole",
        () -> !Files.exists(layer(pulled.image()).resolve(LazyLayers.ORIGIN)));
    assertThat(root.merged().resolve("noise")).hasBinaryContent(noise());
  }

  @Test
  void readersOfAStoreThatEndedAreServedByTheNext() throws Exception {
    Ensured.Pulled pulled = pull(store.orElseThrow());
    RootFilesystem root = store.orElseThrow().mount(pulled.image().id(), "c", MountOptions.DEFAULT);
    store.orElseThrow().close();
    Process reader =
        new ProcessBuilder("cmp", root.merged() + "/noise", directory + "/work/b/noise")
            .redirectErrorStream(true)
            .start();
    assertThat(reader.waitFor(300, java.util.concurrent.TimeUnit.MILLISECONDS)).isFalse();
    store = Optional.of(open());
    assertThat(reader.waitFor()).isZero();
  }

  @Test
  void aRegistryThatIsGoneIsAnErrorOfTheReaderWithItsName() throws Exception {
    Ensured.Pulled pulled = pull(store.orElseThrow());
    RootFilesystem root = store.orElseThrow().mount(pulled.image().id(), "c", MountOptions.DEFAULT);
    var told = new java.util.concurrent.ConcurrentLinkedQueue<String>();
    try (var subscription =
        store
            .orElseThrow()
            .onFillFailure(
                (containers, message) -> {
                  assertThat(containers).containsExactly("c");
                  told.add(message);
                })) {
      registry.orElseThrow().close();
      assertThatThrownBy(() -> Files.readAllBytes(root.merged().resolve("noise")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Input/output error");
    }
    assertThat(told.peek())
        .contains(pulled.image().layers().getLast().diffId())
        .contains("team/app");
  }

  @Test
  void anImageThatIsRemovedBeforeItIsWholeLeavesNothing() throws Exception {
    Ensured.Pulled pulled = pull(store.orElseThrow());
    RootFilesystem root = store.orElseThrow().mount(pulled.image().id(), "c", MountOptions.DEFAULT);
    assertThat(root.merged().resolve("one")).hasContent("one");
    store.orElseThrow().unmount("c");
    store.orElseThrow().prune(Set.of());
    assertThat(Files.exists(layer(pulled.image()))).isFalse();
    assertThat(pull(store.orElseThrow()).arrival()).isEqualTo(new Arrival.Streamed());
  }

  private ImageException damaged(ResolvedImage image) throws InterruptedException {
    try {
      store.orElseThrow().requireSound(image.id());
    } catch (ImageException e) {
      assertThat(e.fault()).isEqualTo(ImageFault.DAMAGED);
      return e;
    }
    throw new AssertionError("nothing was found");
  }

  private RootFilesystem mount(ResolvedImage image, String container) {
    return store.orElseThrow().mount(image.id(), container, MountOptions.DEFAULT);
  }

  /** Reads the beginning of the large file, which is not the last that is missing. */
  private void readFirst(RootFilesystem root) throws IOException {
    try (var in = Files.newInputStream(root.merged().resolve("noise"))) {
      assertThat(in.readNBytes(4096)).isEqualTo(java.util.Arrays.copyOf(noise(), 4096));
    }
  }

  /** Whether parts of the layer of the large file are missing. */
  private boolean isFilling(ResolvedImage image) {
    String key = image.layers().getLast().key();
    return store.orElseThrow().filling(image).stream().anyMatch(l -> l.key().equals(key));
  }

  /** Keeps a layer from becoming whole: nothing comes any more. */
  private void unreachable() {
    registry.orElseThrow().close();
  }

  private void reachable() throws Exception {
    registry = Optional.of(registry.orElseThrow().restarted());
  }

  @Test
  void aFlippedBitInAWholeLayerIsFoundAndTheImageIsPulledAgain() throws Exception {
    ResolvedImage image = pull(store.orElseThrow()).image();
    RootFilesystem old = mount(image, "old");
    assertThat(old.merged().resolve("noise")).hasBinaryContent(noise());
    await("the layer is whole", () -> !isFilling(image));
    AtRestTest.flip(layer(image).resolve(LayerStore.DATA), (512 << 10) + 1);
    assertThat(damaged(image))
        .hasMessageContaining(image.layers().getLast().diffId())
        .hasMessageContaining("chunk 1 of the data");
    assertThat(store.orElseThrow().resolve(reference)).isEmpty();
    assertThat(pull(store.orElseThrow()).arrival()).isEqualTo(new Arrival.Streamed());
    assertThat(mount(image, "new").merged().resolve("noise")).hasBinaryContent(noise());
    assertThat(old.merged().resolve("noise")).hasBinaryContent(noise());
  }

  @Test
  void aFlippedBitInWhatHasArrivedIsFetchedAgain() throws Exception {
    ResolvedImage image = pull(store.orElseThrow()).image();
    readFirst(mount(image, "old"));
    unreachable();
    assertThat(isFilling(image)).isTrue();
    AtRestTest.flip(layer(image).resolve(LayerStore.DATA), 100);
    assertThat(damaged(image)).hasMessageContaining("chunk 0 of the data (fetched again)");
    reachable();
    assertThat(store.orElseThrow().resolve(reference)).isPresent();
    assertThat(mount(image, "new").merged().resolve("noise")).hasBinaryContent(noise());
  }

  @Test
  void aFlippedBitInWhatHadArrivedBeforeARestartIsFetchedAgain() throws Exception {
    ResolvedImage image = pull(store.orElseThrow()).image();
    readFirst(mount(image, "old"));
    unreachable();
    assertThat(isFilling(image)).isTrue();
    store.orElseThrow().unmount("old");
    store.orElseThrow().unmountIdleLayers();
    store.orElseThrow().close();
    AtRestTest.flip(layer(image).resolve(LayerStore.DATA), 100);
    reachable();
    store = Optional.of(open());
    assertThat(mount(image, "new").merged().resolve("noise")).hasBinaryContent(noise());
  }

  @Test
  void whatHadArrivedBeforeARestartIsBelievedIfNobodyHasTouchedIt() throws Exception {
    ResolvedImage image = pull(store.orElseThrow()).image();
    readFirst(mount(image, "old"));
    unreachable();
    store.orElseThrow().close();
    store = Optional.of(open());
    FillingLayer filling = store.orElseThrow().filling(image).getLast();
    assertThat(filling.layer().present().get(0)).isTrue();
    assertThat(filling.layer().counters().reprovedChunks()).isZero();
    store.orElseThrow().requireSound(image.id());
    reachable();
    assertThat(mount(image, "new").merged().resolve("noise")).hasBinaryContent(noise());
  }

  @Test
  void theMetadataOfALayerThatIsBeingFilledIsBroughtAgain() throws Exception {
    ResolvedImage image = pull(store.orElseThrow()).image();
    RootFilesystem old = mount(image, "old");
    readFirst(old);
    unreachable();
    assertThat(isFilling(image)).isTrue();
    AtRestTest.flip(layer(image).resolve(LayerStore.METADATA), 1024);
    assertThat(damaged(image)).hasMessageContaining("the metadata");
    assertThat(store.orElseThrow().resolve(reference)).isEmpty();
    reachable();
    pull(store.orElseThrow());
    assertThat(mount(image, "new").merged().resolve("noise")).hasBinaryContent(noise());
    assertThat(old.merged().resolve("noise")).hasBinaryContent(noise());
  }

  @Test
  void aHostThatCannotFillOnReadingFetchesTheStreamingFormWhole() throws Exception {
    try (var other =
        LocalImageStore.open(
            directory.resolve("other"),
            registries,
            new LazyReading.Missing("it is too old"),
            Clock.systemUTC())) {
      Ensured.Pulled pulled = pull(other);
      assertThat(pulled.arrival()).isEqualTo(new Arrival.Whole("it is too old"));
      RootFilesystem root = other.mount(pulled.image().id(), "d", MountOptions.DEFAULT);
      try {
        assertThat(root.merged().resolve("noise")).hasBinaryContent(noise());
      } finally {
        other.unmount("d");
        other.unmountIdleLayers();
      }
    }
  }
}
