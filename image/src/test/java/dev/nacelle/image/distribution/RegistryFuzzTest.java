package dev.nacelle.image.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.MediaTypes;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that nobody means well with; a failure prints its seed. */
class RegistryFuzzTest {
  private static final int REQUESTS = 3_000;
  private static final List<String> METHODS =
      List.of("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE");
  private static final List<String> PARTS =
      List.of(
          "v2",
          "_catalog",
          "token",
          "blobs",
          "uploads",
          "manifests",
          "tags",
          "list",
          "referrers",
          "..",
          ".",
          "",
          "%2e%2e",
          "%2f",
          "%00",
          "%",
          "a",
          "team",
          "app",
          "_tags",
          "_blobs",
          "A",
          "sha256:" + "0".repeat(64),
          "sha512:" + "f".repeat(128),
          "sha256:../../x",
          "v1",
          "00000000-0000-0000-0000-000000000000",
          "x".repeat(300),
          "é",
          "a..b",
          "%c3%28");
  private static final List<String> QUERIES =
      List.of(
          "n=-1",
          "n=99999999999999999999",
          "last=%00",
          "digest=sha256:" + "0".repeat(64),
          "digest=../x",
          "mount=sha256:" + "0".repeat(64),
          "from=../..",
          "from=team/app",
          "artifactType=%0d%0aX:y",
          "scope=repository:a:pull",
          "scope=:::",
          "tag=..",
          "tag=v1",
          "&&=",
          "digest-algorithm=md5");
  private static final List<String> HEADERS =
      List.of(
          "range: bytes=0-",
          "range: bytes=-",
          "range: bytes=99999999999999999999-1",
          "range: bytes=0-1,3-4",
          "content-range: 0-0",
          "content-range: -1--1",
          "content-range: bytes 5-1/*",
          "if-none-match: *",
          "authorization: Basic ====",
          "authorization: Bearer a.b.c",
          "content-type: " + MediaTypes.OCI_MANIFEST,
          "content-type: a;b;c",
          "host: \"evil\"",
          "transfer-encoding: identity");
  private static final List<String> BODIES =
      List.of(
          "", "{}", "[[[[", "{\"schemaVersion\":2,\"layers\":null,\"config\":1}", "\u0000\u0001");

  @TempDir Path directory;

  private static <T> T one(Random random, List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private static String request(Random random, Optional<String> upload) {
    var text = new StringBuilder(one(random, METHODS)).append(' ');
    if (upload.isPresent() && random.nextInt(6) == 0) {
      text.append(upload.get());
    } else {
      text.append(random.nextInt(5) == 0 ? "" : "/v2");
      for (int parts = random.nextInt(7); parts >= 0; parts--) {
        text.append('/').append(one(random, PARTS));
      }
    }
    for (int queries = random.nextInt(3); queries > 0; queries--) {
      text.append(text.indexOf("?") < 0 ? '?' : '&').append(one(random, QUERIES));
    }
    text.append(" HTTP/1.1\r\n");
    for (int headers = random.nextInt(3); headers > 0; headers--) {
      text.append(one(random, HEADERS)).append("\r\n");
    }
    String body = one(random, BODIES);
    text.append("content-length: ")
        .append(body.getBytes(StandardCharsets.UTF_8).length)
        .append("\r\nconnection: close\r\nhost: h\r\n\r\n")
        .append(body);
    return text.toString();
  }

  @Test
  void anyRequestGetsAnAnswerThatIsNoFailure() throws Exception {
    Path inside = directory.resolve("a/registry");
    try (var registry = RunningRegistry.open(inside)) {
      long seed = System.nanoTime();
      var random = new Random(seed);
      registry.pushImage("team/app", "v1", "layer");
      Optional<String> upload = Optional.empty();
      for (int i = 0; i < REQUESTS; i++) {
        if (i % 100 == 0) {
          upload =
              Optional.of(registry.send("POST", "/v2/team/app/blobs/uploads/").header("location"));
        }
        String request = request(random, upload);
        String answer = answer(registry.port(), request);
        assertThat(answer)
            .as("seed %d: %s", seed, request)
            .matches("(?s)HTTP/1\\.1 (?!500)[1-5][0-9][0-9] .*");
      }
      registry.get("/v2/").is(200);
    }
    try (Stream<Path> all = Files.walk(directory)) {
      assertThat(all.filter(Files::isRegularFile))
          .allMatch(file -> file.startsWith(inside))
          .allMatch(
              file ->
                  List.of("content", "repositories", "uploads")
                      .contains(inside.relativize(file).getName(0).toString()));
    }
  }

  private static String answer(int port, String request) throws IOException {
    try (var socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void anyTextAsAManifestIsReadOrRefused() throws Exception {
    long seed = System.nanoTime();
    var random = new Random(seed);
    String valid =
        RunningRegistry.image("{}", "layer", ",\"subject\":{\"digest\":\"x\"},\"annotations\":{}")
            .toUtf8();
    for (int i = 0; i < 20_000; i++) {
      var text = new StringBuilder(valid);
      for (int changes = random.nextInt(4); changes >= 0; changes--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(3)) {
          case 0 -> text.setCharAt(at, (char) random.nextInt(32, 127));
          case 1 -> text.delete(at, Math.min(text.length() - 1, at + random.nextInt(20)));
          default -> text.insert(at, one(random, List.of("null", "{}", "[]", "-1", "\"", "1e999")));
        }
      }
      try {
        ManifestDocument.parse("", Bytes.utf8(text.toString()));
      } catch (RegistryException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.MANIFEST_INVALID);
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + text, e);
      }
    }
  }

  @Test
  void namesAndReferencesThatPassAreFileNamesOfTheirOwn() {
    var random = new Random(7);
    String alphabet = "ab/._-:%\u0000\\ A0";
    Path root = Path.of("/registry");
    var layout = new RegistryLayout(root);
    int passed = 0;
    for (int i = 0; i < 200_000; i++) {
      var text = new StringBuilder();
      for (int length = random.nextInt(9); length >= 0; length--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      Optional<RepositoryName> name = RepositoryName.parse(text.toString());
      if (name.isPresent()) {
        passed++;
        Path path = layout.repository(name.get());
        assertThat(path.normalize()).isEqualTo(path);
        assertThat(path.startsWith(layout.repositories())).isTrue();
      }
      if (Reference.parse(text.toString()).orElse(null) instanceof Reference.Tag tag) {
        passed++;
        Path path = layout.tag(new RepositoryName("a"), tag);
        assertThat(path.getParent()).isEqualTo(layout.tags(new RepositoryName("a")));
        assertThat(path.normalize()).isEqualTo(path);
      }
    }
    assertThat(passed).isGreaterThan(1_000);
  }

  @Test
  void aClientThatLeavesWithinItsBodyHarmsNobody() throws Exception {
    try (var registry =
        RunningRegistry.open(
            directory.resolve("registry"),
            RegistryLimits.DEFAULT,
            RegistryAccess.OPEN,
            PushListener.NONE,
            Clock.systemUTC())) {
      String place = registry.send("POST", "/v2/team/app/blobs/uploads/").header("location");
      try (var socket = new Socket("127.0.0.1", registry.port())) {
        socket
            .getOutputStream()
            .write(
                ("PATCH " + place + " HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\nabc")
                    .getBytes(StandardCharsets.UTF_8));
      }
      // the next request waits until the broken one has ended
      registry.send("PATCH", place, Bytes.utf8("!")).is(202);
      String range = registry.get(place).header("range");
      assertThat(range).isIn("0-3", "0-0");
      assertThatCode(() -> registry.registry().collectGarbage()).doesNotThrowAnyException();
    }
  }
}
