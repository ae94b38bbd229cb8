package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store under a quota that has room for two of its images. */
final class ImageQuotaTest {
  private static final long QUOTA = 10 << 20;

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private LocalImageStore store;

  @BeforeEach
  void open() throws Exception {
    store =
        LocalImageStore.open(
            directory.resolve("node"),
            registries,
            new LazyReading.Missing("not here"),
            new ImageDiskSettings(QUOTA, new ImageDiskMetrics(new Metrics())),
            Clock.systemUTC());
  }

  @AfterEach
  void close() {
    store.close();
    registries.close();
  }

  private ResolvedImage bring(String name) throws Exception {
    byte[] noise = new byte[4 << 20];
    new Random(name.hashCode()).nextBytes(noise);
    Path tree = Files.createDirectory(directory.resolve(name));
    Files.write(tree.resolve("noise"), noise);
    return store.importArchive(tree, ImageReference.parse(name));
  }

  @Test
  void theLongestUnusedGoesWhenANewOneNeedsItsRoom() throws Exception {
    store.usedBy(Set::of);
    bring("a");
    ResolvedImage b = bring("b");
    assertThat(store.usage().usedBytes()).isBetween(8L << 20, QUOTA);
    ResolvedImage c = bring("c");
    assertThat(store.list()).extracting(ResolvedImage::id).containsExactly(b.id(), c.id());
    assertThat(store.usage().usedBytes()).isLessThanOrEqualTo(QUOTA);
  }

  @Test
  void whatPodsUseStaysAndTheRefusalNamesIt() throws Exception {
    ResolvedImage a = bring("a");
    ResolvedImage b = bring("b");
    store.usedBy(() -> Set.of(a.id(), b.id()));
    assertThatThrownBy(() -> bring("c"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.NO_SPACE))
        .hasMessageContaining("the quota of images is " + QUOTA + " bytes")
        .hasMessageContaining("docker.io/library/a:latest (" + store.diskBytes(a) + " bytes)")
        .hasMessageContaining("docker.io/library/b:latest");
    assertThat(store.prune(Set.of()).imageIds()).isEmpty();
    assertThat(store.list()).hasSize(2);
    assertThat(store.usage().usedBytes()).isLessThanOrEqualTo(QUOTA);
    assertThat(directory.resolve("node/images/tmp")).isEmptyDirectory();
  }

  @Test
  void nothingGoesBeforeTheNodeHasSaidWhichPodsThereAre() throws Exception {
    bring("a");
    bring("b");
    assertThatThrownBy(() -> bring("c")).hasMessageContaining("before the node runs");
    assertThat(store.list()).hasSize(2);
  }

  @Test
  void whatIsRemovedIsNotCountedAnyMore() throws Exception {
    store.usedBy(Set::of);
    bring("a");
    Freed freed = store.remove(ImageReference.parse("a"));
    assertThat(freed.bytes()).isBetween(4L << 20, 5L << 20);
    assertThat(store.usage().usedBytes()).isLessThan(1 << 20);
    assertThat(store.usage().sizeBytes()).isZero();
  }
}
