package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two hosts and the built-in registry: the further host lays what its start has needed beside the
 * image, as the node that it is, and may change nothing else there.
 */
@Tag("e2e")
class TraceHostsTest {
  private static final int NOISE_BYTES = 6 << 20;

  private HostGroup group;
  private String address = "";

  private NamespacedHost first() {
    return group.first();
  }

  private NamespacedHost second() {
    return group.host("second");
  }

  private String image() {
    return address + "/default/noise:1";
  }

  private Kubectl kubectl() {
    return group.kubectl();
  }

  @BeforeEach
  void twoHostsAndAnImage() throws IOException, InterruptedException {
    HostGroup.missing().ifPresent(Assumptions::abort);
    Assumptions.assumeTrue(Command.find("curl").isPresent(), "no curl on this machine");
    group = HostGroup.of("first", "second");
    group.start();
    Assumptions.assumeTrue(
        first().verb("doctor").run().out().contains("pre-content events of fanotify"),
        "needs pre-content events");
    group.join(second());
    address =
        JsonReader.readObject(Bytes.utf8(first().verb("status", "-o", "json").run().ok()))
            .string("registry", "address")
            .orElseThrow();
    Path tree = BusyboxTree.write(Files.createDirectory(first().scratch().resolve("tree")));
    byte[] noise = new byte[NOISE_BYTES];
    new Random(1).nextBytes(noise);
    Files.write(tree.resolve("noise"), noise);
    first().verb("image", "import", tree.toString(), "--name", image()).run().ok();
    first().verb("image", "push", image()).run().ok();
    first().verb("image", "prune").run().ok();
    Eventually.holds(
        "the image has its streaming form",
        () -> trace(first()).err().contains("nobody has started it cold yet"),
        () -> trace(first()).all());
  }

  @AfterEach
  void removeAll() throws IOException, InterruptedException {
    if (group != null) {
      group.close();
    }
  }

  private Command.Outcome trace(NamespacedHost host, String... more) {
    return host.verb("image", "trace", image()).with(more).run();
  }

  private void runOn(String node) {
    kubectl()
        .apply(
            """
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
                  command: ["sh", "-c", "head -c 1000000 /noise | sha256sum"]
            """
                .formatted(node, image()));
    kubectl().awaitPath("{.status.phase}", "Succeeded"::equals, "pod", "on-" + node);
  }

  /** The status with which the registry answers the second host's certificate. */
  private String answer(String method, String path, String type, String body) {
    String identity = second().data().resolve("node/pki/client.pem").toString();
    return second()
        .command("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-X", method)
        .with("--cert", identity, "--key", identity)
        .with("-H", "content-type: " + type, "--data-binary", body)
        .with("https://" + address + "/v2/default/noise/" + path)
        .run()
        .ok();
  }

  @Test
  void aFurtherHostSharesItsTracesAndMayChangeNothingElse() {
    runOn("second");
    Eventually.holds(
        "the second host has laid its trace beside the image",
        () -> trace(first(), "-o", "json").exitCode() == 0,
        () -> trace(first()).all());
    JsonObject json = JsonReader.readObject(Bytes.utf8(trace(first(), "-o", "json").ok()));
    assertThat(json.string("source")).contains("registry");
    assertThat(json.array("packs").size()).as("the first pack was superseded").isEqualTo(1);
    assertThat(trace(first()).ok()).contains("/noise").contains("/bin/busybox");
    assertTheSecondHostMayNot(json.string("manifest").orElseThrow());

    assertThat(trace(first(), "--delete").ok()).contains("deleted 1 trace of");
    assertThat(trace(first()).err()).contains("nobody has started it cold yet");
    assertThat(trace(second(), "--push").ok()).contains("pushed the trace of");
    assertThat(trace(first()).ok()).contains("from the registry");
    assertThat(trace(second(), "--delete").ok()).contains("deleted 1 trace of");
  }

  private void assertTheSecondHostMayNot(String manifest) {
    String oci = "application/vnd.oci.image.manifest.v1+json";
    String form =
        """
        {"schemaVersion":2,"mediaType":"%1$s",\
        "artifactType":"application/vnd.nacelle.stream.v1",\
        "config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,\
        "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},\
        "layers":[],"subject":{"mediaType":"%1$s","digest":"%2$s","size":1}}"""
            .formatted(oci, manifest);
    String digest = "sha256:" + sha256(form);
    assertThat(answer("PUT", "manifests/" + digest, oci, form)).as("another form").isEqualTo("403");
    assertThat(answer("PUT", "manifests/2", oci, form)).as("a tag").isEqualTo("403");
    assertThat(answer("DELETE", "manifests/1", "", "")).as("a tag away").isEqualTo("403");
    assertThat(answer("DELETE", "manifests/" + manifest, "", "")).isEqualTo("403");
    assertThat(answer("GET", "manifests/1", "", "")).as("to pull").isEqualTo("200");
  }

  private static String sha256(String text) {
    try {
      return java.util.HexFormat.of()
          .formatHex(
              java.security.MessageDigest.getInstance("SHA-256")
                  .digest(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
