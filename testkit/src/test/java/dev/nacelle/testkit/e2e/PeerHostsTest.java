package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.files.Trees;
import dev.nacelle.testbed.DebianRegistry;
import dev.nacelle.testbed.DelayingProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Four hosts, images with their streaming form in Debian's docker-registry: what one host has read
 * the others have from it, as their containers' files and as volumes, and what the registry sends
 * to whom is counted on the line. One of them is killed while others read, and comes back.
 */
@Tag("e2e")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PeerHostsTest {
  private static final int MIB = 1 << 20;
  private static final int SMALL_BYTES = 24 * MIB;
  private static final int LARGE_BYTES = 64 * MIB;
  private static final int MODEL_BYTES = 16 * MIB;

  /** What a host that has all chunks from others still asks the registry for. */
  private static final long NAMES_BYTES = 64 << 10;

  private HostGroup group;
  private DebianRegistry registry;
  private DelayingProxy line;
  private String smallSum = "";
  private String modelSum = "";
  private String largeSum = "";

  private String image(String name) {
    return group.network().middle().at(line.port()) + "/it/" + name + ":1";
  }

  private Kubectl kubectl() {
    return group.kubectl();
  }

  @BeforeAll
  void fourHostsAndARegistry() throws Exception {
    HostGroup.missing().ifPresent(Assumptions::abort);
    Assumptions.assumeTrue(DebianRegistry.isInstalled(), "needs Debian's docker-registry");
    group = HostGroup.of("first", "second", "third", "fourth");
    registry = DebianRegistry.start(group.first().scratch().resolve("registry"));
    line = DelayingProxy.start(group.network().listen(), registry.port(), Duration.ZERO);
    Path registries =
        Files.writeString(
            group.first().scratch().resolve("registries.yaml"),
            "registries: {\"%s\": {plainHttp: true}}\n"
                .formatted(group.network().middle().at(line.port())));
    group.start("--registries", registries.toString());
    Assumptions.assumeTrue(
        group.first().verb("doctor").run().out().contains("pre-content events of fanotify"),
        "needs pre-content events");
    Path busybox = BusyboxTree.write(group.first().scratch().resolve("tree"));
    smallSum = publish("small", busybox, SMALL_BYTES);
    largeSum = publish("large", busybox, LARGE_BYTES);
    modelSum = publish("model", Files.createDirectory(busybox.resolveSibling("m")), MODEL_BYTES);
    registry =
        registry.readOnly(); // no start pack that a host lays there changes the next one's start
    group.first().verb("image", "prune").run().ok();
    for (NamespacedHost host : group.hosts().subList(1, 4)) {
      group.join(host, "--registries", registries.toString());
    }
    String annotation = "{.metadata.annotations.containers\\.nacelle\\.dev/peer}";
    for (NamespacedHost host : group.hosts()) {
      kubectl().awaitPath(annotation, url -> url.startsWith("https://"), "node", host.name());
    }
  }

  /** Pushes an image with a file of noise and its streaming form; the file's digest. */
  private String publish(String name, Path tree, int bytes) throws Exception {
    byte[] noise = new byte[bytes];
    new Random(name.hashCode()).nextBytes(noise);
    Files.write(tree.resolve("noise"), noise);
    NamespacedHost first = group.first();
    first.verb("image", "import", tree.toString(), "--name", image(name)).run().ok();
    first.verb("image", "push", image(name)).run().ok();
    first.verb("image", "convert", image(name)).run().ok();
    Trees.delete(tree.resolve("noise"));
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(noise));
  }

  @AfterAll
  void removeAll() throws IOException, InterruptedException {
    try {
      if (line != null) {
        line.close();
      }
      if (registry != null) {
        registry.close();
      }
    } finally {
      if (group != null) {
        group.close();
      }
    }
  }

  /** A pod that says the digest of a file; of the container's, or of an image that is a volume. */
  private static String pod(String name, String node, String image, String volume) {
    return """
        apiVersion: v1
        kind: Pod
        metadata: {name: %1$s}
        spec:
          nodeSelector: {kubernetes.io/hostname: %2$s}
          restartPolicy: Never
          terminationGracePeriodSeconds: 0
          containers:
            - name: main
              image: "%3$s"
              command: ["sh", "-c", "sha256sum %4$s/noise"]
              volumeMounts: [{name: volume, mountPath: /volume}]
          volumes: [%5$s]
        """
        .formatted(
            name,
            node,
            image,
            volume.isEmpty() ? "" : "/volume",
            volume.isEmpty()
                ? "{name: volume, emptyDir: {}}"
                : "{name: volume, image: {reference: \"" + volume + "\"}}");
  }

  private String sumOf(String pod) {
    kubectl().awaitPath("{.status.phase}", "Succeeded"::equals, "pod", pod);
    return kubectl().ok("logs", pod).replaceAll("\\s.*", "").strip();
  }

  private long fromRegistry(NamespacedHost host) {
    return line.receivedBytes(host.internetAddress());
  }

  /** A counter of a node, since its platform was started. */
  private long counter(String node, String name) {
    return kubectl()
        .ok("get", "--raw", "/api/v1/nodes/" + node + "/proxy/metrics")
        .lines()
        .filter(l -> l.startsWith(name))
        .mapToLong(l -> (long) Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
        .sum();
  }

  private long chunksFrom(String source, String node) {
    return counter(node, "nacelle_layer_fetched_bytes_total{from=\"" + source + "\"}");
  }

  @Test
  @Order(1)
  void threeHostsHaveTheImageFromOthersAndNoChunkFromTheRegistry() {
    for (NamespacedHost host : group.hosts()) {
      long before = fromRegistry(host);
      String pod = "small-" + host.name();
      kubectl().apply(pod(pod, host.name(), image("small"), ""));
      assertThat(sumOf(pod)).isEqualTo(smallSum);
      long sent = fromRegistry(host) - before;
      System.out.printf(
          "%s: %d bytes from the registry, of chunks %d from it and %d from peers%n",
          host.name(), sent, chunksFrom("origin", host.name()), chunksFrom("peer", host.name()));
      if (host == group.first()) {
        assertThat(sent).isGreaterThan(SMALL_BYTES);
      } else {
        assertThat(chunksFrom("origin", host.name())).as("chunks from the registry").isZero();
        assertThat(chunksFrom("peer", host.name())).isGreaterThanOrEqualTo(SMALL_BYTES);
        assertThat(sent).as("bytes from the registry").isLessThan(NAMES_BYTES);
      }
    }
  }

  @Test
  @Order(2)
  void aModelIsAVolumeOfASecondHostWithoutAChunkFromTheRegistry() {
    kubectl().apply(pod("model-first", "first", image("small"), image("model")));
    assertThat(sumOf("model-first")).isEqualTo(modelSum);
    NamespacedHost second = group.host("second");
    long peersBefore = chunksFrom("peer", "second");
    long originBefore = chunksFrom("origin", "second");
    long before = fromRegistry(second);
    kubectl().apply(pod("model-second", "second", image("small"), image("model")));
    assertThat(sumOf("model-second")).isEqualTo(modelSum);
    assertThat(chunksFrom("origin", "second")).isEqualTo(originBefore);
    assertThat(chunksFrom("peer", "second") - peersBefore).isGreaterThanOrEqualTo(MODEL_BYTES);
    assertThat(fromRegistry(second) - before).isLessThan(NAMES_BYTES);
  }

  @Test
  @Order(3)
  void aHostThatIsKilledWhileOthersReadCostsNoDataAndItsOwnReaderGoesOn() {
    kubectl().apply(pod("large-first", "first", image("large"), ""));
    assertThat(sumOf("large-first")).isEqualTo(largeSum);
    List<String> readers = List.of("second", "third", "fourth");
    for (String node : readers) {
      kubectl().apply(pod("large-" + node, node, image("large"), ""));
    }
    long before = chunksFrom("peer", "third");
    Eventually.holds("some of it has come", () -> chunksFrom("peer", "third") - before > 4 * MIB);
    group.host("second").kill();
    System.out.printf(
        "second was killed when third had %d of %d MiB%n",
        (chunksFrom("peer", "third") - before) / MIB, LARGE_BYTES / MIB);
    assertThat(sumOf("large-third")).isEqualTo(largeSum);
    assertThat(sumOf("large-fourth")).isEqualTo(largeSum);
    group.host("second").upAgain();
    assertThat(sumOf("large-second")).isEqualTo(largeSum);
  }

  @Test
  @Order(4)
  void aHostThatHasComeBackServesAgain() {
    NamespacedHost fourth = group.host("fourth");
    long before = counter("second", "nacelle_peer_served_bytes_total");
    Eventually.holds(
        "second is asked again",
        () -> {
          kubectl().ok("delete", "pod", "--ignore-not-found", "large-fourth");
          fourth.verb("image", "prune").run().ok();
          kubectl().apply(pod("large-fourth", "fourth", image("large"), ""));
          assertThat(sumOf("large-fourth")).isEqualTo(largeSum);
          return counter("second", "nacelle_peer_served_bytes_total") > before;
        });
  }
}
