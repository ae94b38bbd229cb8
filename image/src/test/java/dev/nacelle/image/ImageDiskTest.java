package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.kernel.mount.DiskSpace;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageDiskTest {
  private static final long QUOTA = 100 << 20;

  @TempDir Path directory;
  private final Metrics metrics = new Metrics();
  private StoreLayout layout;
  private ImageDisk disk;

  @BeforeEach
  void open() throws IOException {
    layout = new StoreLayout(directory);
    Files.createDirectories(layout.layers());
    disk = new ImageDisk(layout, new ImageDiskSettings(QUOTA, new ImageDiskMetrics(metrics)));
  }

  /** Makes room out of what a test says there is. */
  private final class Cellar implements ImageDisk.Room {
    private final AtomicInteger scarce = new AtomicInteger();
    private long unused;

    Cellar(long unused) {
      this.unused = unused;
    }

    @Override
    public long make(long bytes) {
      long freed = Math.min(unused, bytes);
      unused -= freed;
      disk.freed(freed);
      return freed;
    }

    @Override
    public void scarce() {
      scarce.incrementAndGet();
    }

    @Override
    public String holders() {
      return "pods use app (7 bytes)";
    }
  }

  private long value(String name) {
    return metrics
        .expose("")
        .text()
        .toUtf8()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length() + 1)))
        .sum();
  }

  private void layer(String key, long written, long size) throws IOException {
    Path layer = Files.createDirectories(layout.layer(key));
    try (var file = new RandomAccessFile(layer.resolve("data.blob").toFile(), "rw")) {
      file.setLength(size);
      file.write(new byte[(int) written]);
    }
  }

  @Test
  void aLayerCountsByItsBlocksNotByItsSize() throws Exception {
    layer("a", 1 << 20, 1L << 40);
    disk.measureAll();
    long own = DiskSpace.allocatedBytes(layout.layer("a"));
    assertThat(disk.layerBytes("a")).isEqualTo((1 << 20) + own);
    assertThat(disk.usedBytes()).isEqualTo((1 << 20) + own);
    disk.grew("a", 4096);
    disk.grew("gone", 4096);
    assertThat(disk.usedBytes()).isEqualTo((1 << 20) + own + 4096);
    disk.measure("a");
    assertThat(disk.usedBytes()).isEqualTo((1 << 20) + own);
    disk.freed(disk.takeOut("a"));
    assertThat(disk.usedBytes()).isZero();
    assertThat(disk.takeOut("a")).isZero();
  }

  @Test
  void aClaimHoldsWhatItExpectsAndGrowsAsItIsWritten() {
    disk.measureAll();
    try (ImageDisk.Claim claim = disk.claim("unpack", 10 << 20)) {
      assertThat(disk.usedBytes()).isEqualTo(10 << 20);
      claim.take(4 << 20);
      assertThat(disk.usedBytes()).isEqualTo(10 << 20);
      claim.take(8 << 20);
      assertThat(disk.usedBytes()).isEqualTo(12 << 20);
      claim.close();
      assertThat(disk.usedBytes()).isZero();
    }
    assertThat(disk.usedBytes()).isZero();
  }

  @Test
  void roomIsMadeForAClaimWhereItCanBe() {
    disk.measureAll();
    var cellar = new Cellar(50 << 20);
    disk.roomBy(cellar);
    ImageDisk.Claim held = disk.claim("unpack", 90 << 20);
    disk.claim("unpack", 40 << 20).close();
    assertThat(cellar.unused).isEqualTo(20 << 20);
    assertThatThrownBy(() -> held.take(250 << 20))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.NO_SPACE));
  }

  @Test
  void aRefusalNamesTheQuotaAndWhatHoldsTheRoom() {
    disk.measureAll();
    disk.roomBy(new Cellar(0));
    ImageDisk.Claim held = disk.claim("unpack", 90 << 20);
    assertThatThrownBy(() -> disk.require("pull image", 20 << 20))
        .hasMessage(
            "cannot pull image: 20971520 bytes are needed, the quota of images is 104857600 bytes"
                + " and 94371840 are taken; pods use app (7 bytes); end pods, or raise"
                + " --image-quota");
    assertThat(value("nacelle_image_pulls_refused_total")).isEqualTo(1);
    assertThat(value("nacelle_image_disk_used_bytes")).isEqualTo(90 << 20);
    assertThat(value("nacelle_image_disk_quota_bytes")).isEqualTo(QUOTA);
    held.close();
  }

  @Test
  void theDiskItselfBoundsWhereThereIsNoQuota() {
    disk.measureAll();
    var unbounded = new ImageDisk(layout, ImageDiskSettings.unbounded());
    unbounded.measureAll();
    assertThatThrownBy(() -> unbounded.claim("unpack", 1L << 50))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.NO_SPACE))
        .hasMessageContaining("left on the disk of " + layout.root());
  }

  @Test
  void readersGoOverTheQuotaAndNothingIsFetchedAheadOfThem() throws Exception {
    layer("a", 4096, 1L << 40);
    disk.measureAll();
    var cellar = new Cellar(0);
    disk.roomBy(cellar);
    assertThat(disk.hasRoomAhead()).isTrue();
    assertThat(cellar.scarce).hasValue(0);
    disk.grew("a", 96 << 20);
    assertThat(cellar.scarce).hasValue(1);
    assertThat(disk.hasRoomAhead()).isFalse();
    assertThat(value("nacelle_image_over_quota_bytes_total")).isZero();
    disk.grew("a", 10 << 20);
    assertThat(value("nacelle_image_over_quota_bytes_total"))
        .isEqualTo(disk.usedBytes() - QUOTA)
        .isPositive();
    assertThat(disk.scarceBytes()).isEqualTo(disk.usedBytes() - QUOTA / 10 * 9);
  }
}
