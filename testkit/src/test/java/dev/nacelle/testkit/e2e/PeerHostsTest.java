package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two hosts, one image with its streaming form in Debian's docker-registry: what the first host has
 * read the second one has from it, and the registry's own log says so.
 */
@Tag("e2e")
class PeerHostsTest {
  private static final int PORT = 6443;
  private static final int REGISTRY_PORT = 5000;
  private static final int NOISE_BYTES = 24 << 20;
  private static final Pattern TOKEN = Pattern.compile("\\b[a-z0-9]{6}\\.[a-z0-9]{16}\\b");

  /** As docker-registry logs an answer: who asked, for what, and how many bytes it got. */
  private static final Pattern ANSWER =
      Pattern.compile(
          "http\\.request\\.method=GET.*http\\.request\\.remoteaddr=\"([0-9.]+):.*"
              + "http\\.request\\.uri=\"?(\\S+?)\"? .*http\\.response\\.written=([0-9]+)");

  private List<NamespacedHost> hosts = List.of();
  private List<Process> registry = new ArrayList<>();

  private NamespacedHost first() {
    return hosts.get(0);
  }

  private NamespacedHost second() {
    return hosts.get(1);
  }

  private Path registryLog() {
    return first().scratch().resolve("registry.log");
  }

  private String image() {
    return first().address() + ":" + REGISTRY_PORT + "/it/noise:1";
  }

  private Kubectl kubectl() {
    return new Kubectl(
        first()
            .command("kubectl", "--kubeconfig", first().data().resolve("kubeconfig").toString())
            .env("HOME", first().scratch().toString()));
  }

  @BeforeEach
  void twoHostsAndARegistry() throws IOException {
    PlatformUnderTest.missing().or(DebianRegistry::missing).ifPresent(Assumptions::abort);
    Assumptions.assumeTrue(Command.find("nsenter").isPresent(), "this test needs nsenter");
    hosts = NamespacedHost.pair();
    startRegistry();
    Path registries =
        Files.writeString(
            first().scratch().resolve("registries.yaml"),
            "registries: {\"%s:%d\": {plainHttp: true}}\n"
                .formatted(first().address(), REGISTRY_PORT));
    first()
        .up(
            "--port",
            Integer.toString(PORT),
            "--name",
            "first",
            "--registries",
            registries.toString());
    Assumptions.assumeTrue(
        first().verb("doctor").run().out().contains("pre-content events of fanotify"),
        "needs pre-content events");
    Matcher token = TOKEN.matcher(first().verb("token", "create").run().ok());
    assertThat(token.find()).as("a token was printed").isTrue();
    second()
        .up(
            "--parts=node",
            "--server",
            "https://" + first().address() + ":" + PORT,
            "--token",
            token.group(),
            "--name",
            "second",
            "--registries",
            registries.toString());
    publish();
  }

  private void startRegistry() throws IOException {
    Path config =
        Files.writeString(
            first().scratch().resolve("registry.yml"),
            """
            version: 0.1
            log: {level: info, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: "%s"}}
            http: {addr: "%s:%d"}
            """
                .formatted(
                    first().scratch().resolve("registry"), first().address(), REGISTRY_PORT));
    registry.add(
        new ProcessBuilder(
                "nsenter",
                "--net=/run/netns/" + first().namespace(),
                "--",
                Command.find("docker-registry").orElseThrow().toString(),
                "serve",
                config.toString())
            .redirectErrorStream(true)
            .redirectOutput(registryLog().toFile())
            .start());
    Eventually.holds("docker-registry listens", () -> registryLogText().contains("listening on"));
  }

  private String registryLogText() {
    try {
      return Files.readString(registryLog());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Pushes the image with its streaming form, and forgets it on the first host. */
  private void publish() throws IOException {
    Path tree = BusyboxTree.write(Files.createDirectory(first().scratch().resolve("tree")));
    byte[] noise = new byte[NOISE_BYTES];
    new Random(1).nextBytes(noise);
    Files.write(tree.resolve("noise"), noise);
    first().verb("image", "import", tree.toString(), "--name", image()).run().ok();
    first().verb("image", "push", image()).run().ok();
    first().verb("image", "convert", image()).run().ok();
    first().verb("image", "prune").run().ok();
  }

  @AfterEach
  void removeAll() {
    var failures = new ArrayList<Throwable>();
    registry.forEach(Process::destroyForcibly);
    registry.forEach(p -> Eventually.holds("docker-registry is gone", () -> !p.isAlive()));
    for (NamespacedHost host : hosts.reversed()) {
      try {
        host.close();
      } catch (AssertionError | UncheckedIOException e) {
        failures.add(e); // the other one must go all the same
      }
    }
    assertThat(failures).isEmpty();
  }

  private String pod(String node) {
    return """
        apiVersion: v1
        kind: Pod
        metadata: {name: on-%1$s}
        spec:
          nodeSelector: {kubernetes.io/hostname: %1$s}
          restartPolicy: Never
          terminationGracePeriodSeconds: 0
          containers:
            - name: main
              image: "%2$s"
              command: ["sh", "-c", "sha256sum /noise"]
        """
        .formatted(node, image());
  }

  private String sumOn(String node) {
    kubectl().apply(pod(node));
    kubectl().awaitPath("{.status.phase}", "Succeeded"::equals, "pod", "on-" + node);
    return kubectl().ok("logs", "on-" + node);
  }

  /** Bytes of blobs that a host has got from the registry. */
  private long blobBytes(NamespacedHost host) {
    return registryLogText()
        .lines()
        .map(ANSWER::matcher)
        .filter(Matcher::find)
        .filter(m -> m.group(1).equals(host.address()) && m.group(2).contains("/blobs/"))
        .mapToLong(m -> Long.parseLong(m.group(3)))
        .sum();
  }

  private String metrics(String node) {
    return kubectl().ok("get", "--raw", "/api/v1/nodes/" + node + "/proxy/metrics");
  }

  private long fetched(String node, String from) {
    return metrics(node)
        .lines()
        .filter(l -> l.startsWith("nacelle_layer_fetched_bytes_total{from=\"" + from + "\"}"))
        .mapToLong(l -> (long) Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Test
  void theSecondHostHasTheImageFromTheFirstAndNoChunkFromTheRegistry() {
    String annotation = "{.metadata.annotations.containers\\.nacelle\\.dev/peer}";
    for (String node : List.of("first", "second")) {
      kubectl().awaitPath(annotation, url -> url.startsWith("https://"), "node", node);
    }
    String sum = sumOn("first");
    assertThat(blobBytes(first())).isGreaterThan(NOISE_BYTES);
    assertThat(fetched("first", "origin")).isGreaterThan(NOISE_BYTES);
    assertThat(sumOn("second")).isEqualTo(sum);
    System.out.printf(
        "registry to first %d bytes, to second %d; first to second %d%n",
        blobBytes(first()), blobBytes(second()), fetched("second", "peer"));
    assertThat(fetched("second", "origin")).as("chunks from the registry").isZero();
    assertThat(fetched("second", "peer")).isGreaterThanOrEqualTo(NOISE_BYTES);
    assertThat(blobBytes(second())).as("bytes of blobs from the registry").isLessThan(64 << 10);
  }
}
