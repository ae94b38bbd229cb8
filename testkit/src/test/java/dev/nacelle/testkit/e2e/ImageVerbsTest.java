package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The verbs on images, with a platform and Debian's docker-registry. */
@Tag("e2e")
class ImageVerbsTest {
  private PlatformUnderTest platform;
  private BackgroundCommand registry;
  private String host = "";

  @BeforeEach
  void start() throws IOException {
    PlatformUnderTest.missing().ifPresent(why -> Assumptions.abort(why));
    Assumptions.assumeTrue(
        Command.find("docker-registry").isPresent(), "needs Debian's docker-registry");
    platform = PlatformUnderTest.create("images");
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    host = "127.0.0.1:" + port;
    Path config = platform.scratch().resolve("registry.yml");
    Files.writeString(
        config,
        "{version: 0.1, storage: {filesystem: {rootdirectory: %s}}, http: {addr: \"%s\"}}"
            .formatted(platform.scratch().resolve("registry"), host));
    registry = Command.of("docker-registry", "serve", config.toString()).background();
    Eventually.holds(
        "docker-registry listens",
        () -> {
          try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 200);
            return true;
          } catch (IOException e) {
            return false;
          }
        });
  }

  @AfterEach
  void end() {
    if (registry != null) {
      registry.close();
    }
    if (platform != null) {
      platform.close();
    }
  }

  private Command.Outcome image(String... words) {
    var all = new String[words.length + 1];
    all[0] = "image";
    System.arraycopy(words, 0, all, 1, words.length);
    return platform.verb(all).run();
  }

  @Test
  void anImageGoesToARegistryAndComesBackIsConvertedVerifiedAndRemoved() throws IOException {
    platform.up();
    platform.importBusybox();
    String name = host + "/tools/busybox:1";
    assertThat(image("push", PlatformUnderTest.IMAGE, name).ok())
        .containsPattern("pushed " + name + "@sha256:[0-9a-f]{64}")
        .doesNotContain("written anew: ");
    assertThat(image("pull", name).ok()).contains("pulled " + name);
    JsonObject inspected = JsonReader.readObject(Bytes.utf8(image("inspect", name).ok()));
    assertThat(inspected.array("names").strings()).contains(name, PlatformUnderTest.IMAGE);
    assertThat(inspected.string("state")).contains("whole");
    assertThat(image("convert", name).ok()).contains("converted " + host, "1 of 1 layers");
    assertThat(image("convert", name).ok()).contains("is there already");
    assertThat(image("ls").ok()).containsPattern(name + " .* whole");
    assertThat(image("verify", name).ok()).contains("verified " + name);

    String key =
        inspected.array("layers").objects().findFirst().orElseThrow().string("key").orElseThrow();
    Path data = platform.data().resolve("node/images/layers").resolve(key).resolve("data.blob");
    flip(data, 600_000);
    Command.Outcome differs = image("verify", name);
    assertThat(differs.exitCode()).isEqualTo(1);
    assertThat(differs.err())
        .contains("layer sha256:", "chunk 1 of the data (bytes 524288 to 1048576)");
    flip(data, 600_000);

    assertThat(image("pull", "BAD NAME").exitCode()).isEqualTo(2);
    assertThat(image("pull", host + "/none:1").exitCode()).isEqualTo(1);
    assertThat(image("pull", host + "/none:1").err()).contains("/none:1: not found");
    assertThat(image("prune").ok()).contains("removed sha256:", "freed ");

    assertThat(image("pull", name, "--all-data").ok()).contains("pulled " + name);
    assertThat(image("verify", name).ok()).contains("verified " + name);
    platform.down("--all");
    assertThat(image("verify", name).ok()).contains("verified " + name);
    Command.Outcome bad = image("import", platform.scratch().toString(), "--name", "BAD NAME");
    assertThat(bad.exitCode()).isEqualTo(2);
    assertThat(bad.err()).hasLineCount(1);
    assertThat(image("prune").ok()).contains("removed sha256:");
    assertThat(image("pull", name).ok()).contains("pulled " + name);
  }

  private static void flip(Path file, long at) throws IOException {
    try (var open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      int old = open.read();
      open.seek(at);
      open.write(old ^ 1);
    }
  }
}
