package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.testbed.DebianRegistry;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A platform on a small file system, under a quota that has room for half of the images that are
 * started: lazily and whole, one after another, while two containers go on reading theirs.
 */
@Tag("e2e")
class ImageDiskTest {
  private static final int DISK_MEGABYTES = 500;
  private static final long QUOTA = 64L << 20;

  /** What lies beside the layers, and what readers have under way when room is scarce. */
  private static final long SLACK = 8L << 20;

  private static final int FILES = 8;
  private static final int FILE_BYTES = 2 << 20;
  private static final int LARGE_FILES = 24;

  private Path directory;
  private Path disk;
  private PlatformUnderTest platform;
  private DebianRegistry registry;

  @BeforeEach
  void start() throws Exception {
    PlatformUnderTest.missing().ifPresent(Assumptions::abort);
    Assumptions.assumeTrue(DebianRegistry.isInstalled(), "needs Debian's docker-registry");
    Assumptions.assumeTrue(Command.find("mkfs.ext4").isPresent(), "needs mkfs.ext4");
    directory = Files.createTempDirectory("nacelle-small-");
    mountSmallDisk();
    registry = DebianRegistry.start(directory.resolve("registry"));
    platform = PlatformUnderTest.createIn(disk, "disk");
    platform.up("--image-quota", "64Mi");
  }

  private void mountSmallDisk() throws IOException {
    Path file = directory.resolve("ext4");
    Path point = Files.createDirectory(directory.resolve("disk"));
    Command.of("truncate", "-s", DISK_MEGABYTES + "M", file.toString()).run().ok();
    Command.of("mkfs.ext4", "-q", "-F", file.toString()).run().ok();
    Command.Outcome mounted =
        Command.of("mount", "-o", "loop", file.toString(), point.toString()).run();
    Assumptions.assumeTrue(mounted.exitCode() == 0, "needs loop devices: " + mounted.all());
    disk = point;
  }

  @AfterEach
  void end() throws Exception {
    try {
      if (platform != null) {
        platform.close();
      }
    } finally {
      if (registry != null) {
        registry.close();
      }
      if (disk != null) {
        Command.of("umount", disk.toString()).run().ok();
      }
      if (directory != null) {
        Trees.delete(directory);
      }
    }
  }

  /** How an image is pulled. */
  private enum Form {
    WHOLE,
    STREAMED
  }

  /** Makes an image of files that do not compress, and pushes it; what was here before may go. */
  private String publish(String name, int files, Form form) throws Exception {
    Path tree = BusyboxTree.write(Files.createDirectory(directory.resolve(name)));
    Files.createDirectory(tree.resolve("files"));
    var random = new Random(name.hashCode());
    var sums = new StringBuilder();
    byte[] noise = new byte[FILE_BYTES];
    for (int n = 0; n < files; n++) {
      random.nextBytes(noise);
      Files.write(tree.resolve("files/noise-" + n), noise);
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(noise);
      sums.append(HexFormat.of().formatHex(digest)).append("  /files/noise-" + n + "\n");
    }
    Files.writeString(tree.resolve("sums"), sums);
    String image = "127.0.0.1:" + registry.port() + "/it/" + name + ":1";
    platform.verb("image", "import", tree.toString(), "--name", image).run().ok();
    Trees.delete(tree);
    platform.verb("image", "push", image).run().ok();
    if (form == Form.STREAMED) {
      platform.verb("image", "convert", image).run().ok();
    }
    return image;
  }

  private static String pod(String name, String image, String script) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: %s}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
        - {name: main, image: "%s", command: [sh, -c, "%s"]}
    """
        .formatted(name, image, script);
  }

  private void startReader(String name, String image) {
    Kubectl kubectl = platform.kubectl();
    kubectl.apply(
        pod(name, image, "while sha256sum -c -s /sums; do echo READ; sleep 1; done; echo WRONG"));
    Eventually.holds(
        name + " has read its image once", () -> kubectl.run("logs", name).out().contains("READ"));
  }

  private void startAndEnd(String name, String image) throws IOException {
    Kubectl kubectl = platform.kubectl();
    kubectl.apply(pod(name, image, "sha256sum -c -s /sums && echo ALL RIGHT"));
    kubectl.awaitPath("{.status.phase}", "Succeeded"::equals, "pod", name);
    assertThat(kubectl.ok("logs", name)).contains("ALL RIGHT");
    assertKept();
    kubectl.ok("delete", "pod", name);
  }

  private void assertKept() throws IOException {
    String images = platform.data().resolve("node/images").toString();
    // not what is mounted there: those are the same bytes once more
    String said = Command.of("du", "-sx", "-B1", images).run().out();
    long onDisk = Long.parseLong(said.split("\\s", 2)[0]);
    JsonObject counted = platform.status().object("images");
    FileStore store = Files.getFileStore(disk);
    System.out.printf(
        "images take %d bytes, counted are %d of %d; the disk has %d left%n",
        onDisk,
        counted.integer("usedBytes").orElseThrow(),
        counted.integer("quotaBytes").orElseThrow(),
        store.getUsableSpace());
    assertThat(counted.integer("usedBytes").orElseThrow()).isLessThanOrEqualTo(QUOTA);
    assertThat(onDisk).isLessThanOrEqualTo(QUOTA + SLACK);
    assertThat(store.getUsableSpace()).isPositive();
  }

  @Test
  void theQuotaIsKeptWhatRunsReadsOnAndWhatCannotBePulledSaysWhy() throws Exception {
    String lazyReader = publish("lazy-reader", FILES, Form.STREAMED);
    String wholeReader = publish("whole-reader", FILES, Form.WHOLE);
    List<String> others =
        List.of(
            publish("lazy-a", FILES, Form.STREAMED),
            publish("whole-a", FILES, Form.WHOLE),
            publish("lazy-b", FILES, Form.STREAMED));
    String large = publish("large", LARGE_FILES, Form.WHOLE);
    platform.verb("image", "prune").run().ok();
    startReader("lazy-reader", lazyReader);
    startReader("whole-reader", wholeReader);
    for (int n = 0; n < others.size(); n++) {
      startAndEnd("other-" + n, others.get(n));
    }
    startAndEnd("again", others.getFirst());

    Kubectl kubectl = platform.kubectl();
    kubectl.apply(pod("large", large, "echo never"));
    Eventually.sees(
        "kubectl describe says why it is not pulled",
        () -> kubectl.ok("describe", "pod", "large"),
        said ->
            said.contains("the quota of images is " + QUOTA + " bytes")
                && said.contains("pods use ")
                && said.contains(lazyReader)
                && said.contains(wholeReader));
    assertKept();
    kubectl.ok("delete", "pod", "large");

    for (String reader : List.of("lazy-reader", "whole-reader")) {
      assertThat(kubectl.path("{.status.phase}", "pod", reader)).isEqualTo("Running");
      assertThat(kubectl.ok("logs", reader).lines().distinct()).containsExactly("READ");
    }
    String node = "/api/v1/nodes/" + platform.name() + "/proxy/";
    assertThat(kubectl.ok("get", "--raw", node + "metrics"))
        .containsPattern("nacelle_image_disk_quota_bytes 6\\.7108864E7")
        .containsPattern("nacelle_image_disk_used_bytes [0-9.E]+")
        .containsPattern("nacelle_images_removed_total\\{cause=\"room\"\\} [1-9]")
        .containsPattern("nacelle_image_pulls_refused_total [1-9]");
    assertThat(kubectl.ok("get", "--raw", node + "stats/summary"))
        .containsPattern("\"imageFs\":\\{[^}]*\"capacityBytes\":" + QUOTA);
  }
}
