package dev.nacelle.image;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.keeper.LazySupport;
import dev.nacelle.kernel.lazy.PreContent;
import dev.nacelle.kernel.process.Companions;
import dev.nacelle.kernel.process.Poller;
import dev.nacelle.testbed.DebianRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;

/**
 * A store that fills layers as they are read, with a real keeper and Debian's docker-registry.
 * Skips the test where this host has no such thing.
 */
final class LazyStoreRig implements AutoCloseable {
  final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  final DebianRegistry registry;
  private final Path directory;
  private final Path run;
  private final Poller poller;
  private Optional<LocalImageStore> store = Optional.empty();

  private LazyStoreRig(Path directory, DebianRegistry registry, Path run, Poller poller) {
    this.directory = directory;
    this.registry = registry;
    this.run = run;
    this.poller = poller;
  }

  static LazyStoreRig start(Path directory) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    assumeTrue(DebianRegistry.canBePushedTo(), "needs Debian's docker-registry and skopeo");
    Poller poller = Poller.open();
    Path run = Files.createDirectories(directory.resolve("node/run"));
    Files.createDirectories(run.resolve("containers"));
    KeeperClient.start(Companions.extract(directory.resolve("bin")), run, 0);
    try (KeeperClient keeper = keeper(poller, run)) {
      if (keeper.lazySupport() instanceof LazySupport.Missing(String why)) {
        keeper.shutDown();
        poller.close();
        abort("no pre-content events: " + why);
      }
    }
    return new LazyStoreRig(directory, DebianRegistry.start(directory, ""), run, poller);
  }

  private static KeeperClient keeper(Poller poller, Path run) throws InterruptedException {
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

  /** Pushes an image of {@link SampleLayout}, in its streaming form too where that is asked for. */
  ImageReference push(long seed, boolean streamed) throws Exception {
    Path work = Files.createDirectory(directory.resolve("image-" + seed));
    registry.push(SampleLayout.write(work, seed), "team/app" + seed + ":1");
    ImageReference reference = ImageReference.parse(registry.host() + "/team/app" + seed + ":1");
    if (streamed) {
      convert(reference, PullSecrets.NONE);
    }
    return reference;
  }

  /** The layout that an image was pushed from. */
  Path layout(long seed) {
    return directory.resolve("image-" + seed).resolve("layout");
  }

  void convert(ImageReference reference, PullSecrets secrets) throws Exception {
    try (var converter =
        LocalImageStore.open(directory.resolve("converter"), registries, Clock.systemUTC())) {
      new ImageConversion(converter)
          .convert(
              reference,
              secrets,
              ImageConversion.Platforms.HOST,
              (phase, layer, done, total) -> {});
    }
  }

  /** The bytes of the large file of that image. */
  byte[] noise(long seed) throws Exception {
    return Files.readAllBytes(directory.resolve("image-" + seed).resolve("work/b/noise"));
  }

  LocalImageStore open(ImageDiskSettings settings) throws InterruptedException {
    LocalImageStore opened =
        LocalImageStore.open(
            directory.resolve("node"),
            registries,
            new LazyReading.Available(run),
            settings,
            Clock.systemUTC());
    store = Optional.of(opened);
    return opened;
  }

  @Override
  public void close() throws Exception {
    if (store.isPresent()) {
      store.get().mountedContainers().forEach(store.get()::unmount);
      store.get().unmountIdleLayers();
      store.get().close();
    }
    registry.close();
    registries.close();
    PreContent.discardAll(poller, run);
    try (KeeperClient keeper = keeper(poller, run)) {
      keeper.shutDown();
    }
    poller.close();
  }
}
