package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.testbed.DebianRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Bits flip on the disk under images, pulled whole or as they are read: no container sees a wrong
 * byte, the pod's events name the layer and the place, and the image is brought again.
 */
@Tag("e2e")
class ImageAtRestTest {
  @RegisterExtension static final SharedPlatform SHARED = new SharedPlatform("atrest");

  private static final int CHUNK_BYTES = 512 << 10;
  private static final int NOISE_BYTES = 16 * CHUNK_BYTES;

  private static DebianRegistry registry;
  private static Path tree;
  private static String sum = "";

  @BeforeAll
  static void prepare() throws Exception {
    Assumptions.assumeTrue(DebianRegistry.isInstalled(), "needs Debian's docker-registry");
    registry = DebianRegistry.start(SHARED.get().scratch().resolve("registry"));
    tree = BusyboxTree.write(Files.createDirectory(SHARED.get().scratch().resolve("tree")));
    byte[] noise = new byte[NOISE_BYTES];
    new Random(7).nextBytes(noise);
    Files.write(tree.resolve("noise"), noise);
    sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(noise));
  }

  @AfterAll
  static void end() {
    if (registry != null) {
      registry.close();
    }
  }

  /** Whether the image has a streaming form beside it. */
  private enum Form {
    STREAMED,
    UNPACKED
  }

  /** Pushes the image under a name of the test's own, and forgets it here. */
  private static String publish(String name, Form form) throws IOException {
    Files.writeString(tree.resolve("name"), name); // a layer of its own
    String image = "127.0.0.1:" + registry.port() + "/it/" + name + ":1";
    PlatformUnderTest platform = SHARED.get();
    platform.verb("image", "import", tree.toString(), "--name", image).run().ok();
    platform.verb("image", "push", image).run().ok();
    if (form == Form.STREAMED) {
      platform.verb("image", "convert", image).run().ok();
    }
    platform.verb("image", "rm", image).run().ok();
    return image;
  }

  private static String pod(String name, String image, String policy, String command) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: %s}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: "%s"
          imagePullPolicy: %s
          command: [sh, -c, "%s"]
    """
        .formatted(name, image, policy, command);
  }

  /** Runs a pod that reads the noise; it must be the right one. */
  private static void read(Kubectl kubectl, String name, String image) {
    kubectl.apply(pod(name, image, "IfNotPresent", "sha256sum < /noise"));
    kubectl.awaitPath("{.status.phase}", "Succeeded"::equals, "pod", name);
    assertThat(kubectl.ok("logs", name)).startsWith(sum);
    kubectl.ok("delete", "pod", name);
  }

  /** Starts a pod that stays; what it said first. */
  private static String said(Kubectl kubectl, String name, String image, String command) {
    kubectl.apply(pod(name, image, "IfNotPresent", command + "; sleep 100000"));
    kubectl.await("condition=Ready", "pod/" + name);
    return Eventually.sees("it has read", () -> kubectl.ok("logs", name), said -> !said.isEmpty());
  }

  private static String events(Kubectl kubectl, String pod, String reason) {
    return kubectl.ok(
        "get",
        "events",
        "--field-selector",
        "involvedObject.name=" + pod + ",reason=" + reason,
        "-o",
        "jsonpath={.items[*].message}");
  }

  private static void damageIsTold(Kubectl kubectl, String pod, String place) {
    assertThat(
            Eventually.sees(
                "the damage is told",
                () -> events(kubectl, pod, "InspectFailed"),
                told -> !told.isEmpty()))
        .contains("Failed to inspect image", "layer sha256:", place, "differs from what came");
  }

  /** The layer of the test's image: the newest that is large enough. */
  private static Path layer() {
    try (Stream<Path> layers = Files.list(SHARED.get().data().resolve("node/images/layers"))) {
      return layers
          .filter(l -> size(l.resolve("data.blob")) >= NOISE_BYTES)
          .max(Comparator.comparingLong(l -> l.resolve("layer.json").toFile().lastModified()))
          .orElseThrow(() -> new AssertionError("no such layer"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }

  private static void flip(Path file, long offset) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      assertThat(channel.read(one, offset)).isEqualTo(1);
      one.put(0, (byte) (one.get(0) ^ 0x10)).flip();
      channel.write(one, offset);
    }
  }

  /** One bit of each chunk. */
  private static void flipData() throws IOException {
    Path data = layer().resolve("data.blob");
    for (long at = 0; at < size(data); at += CHUNK_BYTES) {
      flip(data, at);
    }
  }

  private static void flipMetadata() throws IOException {
    Path metadata = layer().resolve("metadata.erofs");
    flip(metadata, size(metadata) / 2);
  }

  private static void forget(String image) {
    SHARED.get().verb("image", "prune").run().ok();
    assertThat(SHARED.get().verb("image", "ls").run().ok()).doesNotContain(image);
    SHARED.get().importBusybox();
  }

  private static void neverWrong(String name, Form form) throws Exception {
    Kubectl kubectl = SHARED.kubectlIn(name);
    String image = publish(name, form);
    read(kubectl, "first", image);

    flipData();
    read(kubectl, "data", image);
    damageIsTold(kubectl, "data", "of the data");

    flipMetadata();
    read(kubectl, "metadata", image);
    damageIsTold(kubectl, "metadata", "the metadata");

    SHARED.get().down();
    flipData();
    SHARED.get().up();
    read(kubectl, "restarted", image);

    SHARED.get().kill();
    flipMetadata();
    SHARED.get().up();
    read(kubectl, "killed", image);
    damageIsTold(kubectl, "killed", "the metadata");

    read(kubectl, "undisturbed", image);
    assertThat(events(kubectl, "undisturbed", "InspectFailed")).isEmpty();
    forget(image);
  }

  @Test
  void anImageThatWasUnpackedIsPulledAgain() throws Exception {
    neverWrong("unpacked", Form.UNPACKED);
  }

  @Test
  void anImageThatArrivedAsItWasReadIsBroughtAgain() throws Exception {
    neverWrong("streamed", Form.STREAMED);
  }

  @Test
  void whoRunsOnADamagedLayerGoesOnAndTheNextOneReadsOtherFiles() throws Exception {
    for (Form form : Form.values()) {
      String name = "running-" + form.name().toLowerCase(java.util.Locale.ROOT);
      Kubectl kubectl = SHARED.kubectlIn(name);
      String image = publish(name, form);
      assertThat(said(kubectl, "old", image, "sha256sum < /noise")).startsWith(sum);
      flipData();
      flipMetadata();
      assertThat(said(kubectl, "new", image, "sha256sum < /noise")).startsWith(sum);
      damageIsTold(kubectl, "new", "the metadata");
      kubectl.ok("exec", "old", "--", "true");
      assertThat(kubectl.path("{.status.containerStatuses[0].restartCount}", "pod", "old"))
          .isEqualTo("0");
      kubectl.ok("delete", "pod", "old", "new");
      forget(image);
    }
  }

  @Test
  void whatHasArrivedOfAnImageIsProvedAgainWhenSomebodyHasChangedIt() throws Exception {
    Kubectl kubectl = SHARED.kubectlIn("partial");
    String image = publish("partial", Form.STREAMED);
    said(kubectl, "old", image, "head -c 4096 /noise | wc -c");
    flipData();
    read(kubectl, "new", image);
    kubectl.ok("delete", "pod", "old");
    forget(image);
  }

  @Test
  void anImageThatMustNotBePulledIsAClearError() throws Exception {
    Kubectl kubectl = SHARED.kubectlIn("never");
    String image = publish("never", Form.UNPACKED);
    read(kubectl, "first", image);
    flipData();
    kubectl.apply(pod("never", image, "Never", "true"));
    damageIsTold(kubectl, "never", "chunk 0 of the data");
    kubectl.awaitPath(
        "{.status.containerStatuses[0].state.waiting.reason}",
        reason -> reason.equals("ImageInspectError") || reason.equals("ErrImageNeverPull"),
        "pod",
        "never");
    kubectl.awaitPath(
        "{.status.containerStatuses[0].state.waiting.message}",
        ("Container image \"" + image + "\" is not present with pull policy of Never")::equals,
        "pod",
        "never");
    kubectl.ok("delete", "pod", "never");
  }

  @Test
  void theDoctorSaysWhoNoticesAndTheNodeCountsWhatItCompares() {
    assertThat(SHARED.get().verb("doctor").run().out()).contains("image cache");
    String node = SHARED.kubectl().path("{.items[0].metadata.name}", "nodes");
    assertThat(SHARED.kubectl().ok("get", "--raw", "/api/v1/nodes/" + node + "/proxy/metrics"))
        .contains(
            "nacelle_image_layers_compared_total{outcome=\"damaged\"}",
            "nacelle_image_compared_bytes_total");
  }
}
