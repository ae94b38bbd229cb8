package dev.nacelle.image.distribution;

import static dev.nacelle.image.distribution.RunningRegistry.digest;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.image.registry.MediaTypes;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registry's process ends by SIGKILL, or has little memory. */
class KilledRegistryTest {
  private static final int HEAP_MIB = 40;

  @TempDir Path directory;

  private static Headers headers(String... fields) {
    return Headers.of(fields);
  }

  @Test
  void whatWasAcknowledgedIsThereAfterEachKill() throws Exception {
    var acknowledged = new HashMap<String, String>();
    var random = new Random(4);
    for (int round = 0; round < 5; round++) {
      try (var registry = RegistryProcess.start(directory, HEAP_MIB);
          var client = HttpClient.builder().build()) {
        requireAll(client, registry, acknowledged);
        int pushes = 3 + random.nextInt(20);
        var reached = new CountDownLatch(pushes);
        Thread killer =
            Thread.ofVirtual()
                .start(
                    () -> {
                      try {
                        reached.await();
                      } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                      }
                      registry.kill();
                    });
        pushUntilKilled(client, registry, round, acknowledged, reached);
        while (reached.getCount() > 0) {
          reached.countDown();
        }
        killer.join();
      }
    }
    try (var registry = RunningRegistry.open(directory)) {
      for (var tag : acknowledged.entrySet()) {
        Bytes manifest = registry.get("/v2/team/app/manifests/" + tag.getKey()).is(200).body();
        assertThat(digest(manifest)).isEqualTo(tag.getValue());
      }
      assertThat(acknowledged).hasSizeGreaterThan(15);
      assertThat(registry.registry().usage().uploads()).isLessThanOrEqualTo(5);
    }
  }

  private static void pushUntilKilled(
      HttpClient client,
      RegistryProcess registry,
      int round,
      Map<String, String> acknowledged,
      CountDownLatch reached)
      throws Exception {
    try {
      for (int i = 0; ; i++) {
        String layer = "layer %d of round %d".formatted(i, round) + "x".repeat(20_000);
        for (String blob : List.of("{}", layer)) {
          Bytes bytes = Bytes.utf8(blob);
          ask(
              client,
              "POST",
              registry.uri("/v2/team/app/blobs/uploads/?digest=" + digest(bytes)),
              bytes,
              201);
        }
        Bytes manifest = RunningRegistry.image("{}", layer, "");
        String tag = "r%d-%d".formatted(round, i);
        ask(client, "PUT", registry.uri("/v2/team/app/manifests/" + tag), manifest, 201);
        acknowledged.put(tag, digest(manifest));
        reached.countDown();
      }
    } catch (IOException e) {
      assertThat(reached.getCount()).as("it was killed: " + e).isZero();
    }
  }

  private static void ask(HttpClient client, String method, URI uri, Bytes body, int status)
      throws Exception {
    var request =
        new HttpRequest(
            method,
            uri,
            headers("content-type", MediaTypes.OCI_MANIFEST),
            new HttpRequest.Body.Whole(body));
    try (HttpResponse response = client.send(request)) {
      assertThat(response.status()).isEqualTo(status);
      response.body().readAllBytes();
    }
  }

  private static void requireAll(
      HttpClient client, RegistryProcess registry, Map<String, String> tags) throws Exception {
    for (var tag : tags.entrySet()) {
      var request =
          new HttpRequest(
              "GET",
              registry.uri("/v2/team/app/manifests/" + tag.getKey()),
              Headers.EMPTY,
              new HttpRequest.Body.Empty());
      try (HttpResponse response = client.send(request)) {
        assertThat(response.status()).as(tag.getKey()).isEqualTo(200);
        assertThat(digest(Bytes.wrap(response.body().readAllBytes()))).isEqualTo(tag.getValue());
      }
    }
  }

  @Test
  void anUploadGoesOnAfterAKill() throws Exception {
    Noise half = new Noise(300_000);
    byte[] rest = "the rest".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    String place;
    try (var registry = RegistryProcess.start(directory, HEAP_MIB);
        var client = HttpClient.builder().build()) {
      place = begin(client, registry);
      patch(client, registry.uri(place), half, 300_000);
      registry.kill();
    }
    try (var registry = RunningRegistry.open(directory)) {
      assertThat(registry.get(place).is(204).header("range")).isEqualTo("0-299999");
      half.digest.update(rest);
      String name = "sha256:" + HexFormat.of().formatHex(half.digest.digest());
      registry
          .send(
              "PUT", place + "?digest=" + name, Bytes.wrap(rest), "content-range", "300000-300007")
          .is(201);
    }
  }

  /** Far more bytes than its heap has go in and come out. */
  @Test
  void aBlobDoesNotLieOnTheHeap() throws Exception {
    long size = 256L << 20;
    try (var registry = RegistryProcess.start(directory, HEAP_MIB);
        var client = HttpClient.builder().build()) {
      var sent = new Noise(size);
      String place = begin(client, registry);
      patch(client, registry.uri(place), sent, size);
      String name = "sha256:" + HexFormat.of().formatHex(sent.digest.digest());
      ask(client, "PUT", registry.uri(place + "?digest=" + name), Bytes.EMPTY, 201);
      var readers = new ArrayList<Thread>();
      var wrong = new ArrayList<String>();
      for (int i = 0; i < 3; i++) {
        readers.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      String found = pulled(client, registry.uri("/v2/team/app/blobs/" + name));
                      if (!found.equals(name)) {
                        synchronized (wrong) {
                          wrong.add(found);
                        }
                      }
                    }));
      }
      for (Thread reader : readers) {
        reader.join();
      }
      assertThat(wrong).isEmpty();
      assertThat(registry.isAlive()).isTrue();
    }
  }

  private static String pulled(HttpClient client, URI uri) {
    var request = new HttpRequest("GET", uri, Headers.EMPTY, new HttpRequest.Body.Empty());
    try (HttpResponse response = client.send(request)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[64 << 10];
      InputStream body = response.body();
      for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
        digest.update(buffer, 0, count);
      }
      return "sha256:" + HexFormat.of().formatHex(digest.digest());
    } catch (Exception e) {
      return e.toString();
    }
  }

  private static String begin(HttpClient client, RegistryProcess registry) throws Exception {
    var request =
        new HttpRequest(
            "POST",
            registry.uri("/v2/team/app/blobs/uploads/"),
            Headers.EMPTY,
            new HttpRequest.Body.Empty());
    try (HttpResponse response = client.send(request)) {
      assertThat(response.status()).isEqualTo(202);
      return response.headers().first("location").orElseThrow();
    }
  }

  private static void patch(HttpClient client, URI uri, Noise body, long size) throws Exception {
    var request =
        new HttpRequest(
            "PATCH", uri, Headers.EMPTY, new HttpRequest.Body.Streamed(() -> body, size));
    try (HttpResponse response = client.send(request)) {
      assertThat(response.status()).isEqualTo(202);
    }
  }

  /** Bytes that do not repeat, and their digest. */
  private static final class Noise extends InputStream {
    private final Random random = new Random(9);
    private final byte[] block = new byte[64 << 10];
    private final MessageDigest digest;
    private long left;

    Noise(long sizeBytes) throws Exception {
      left = sizeBytes;
      digest = MessageDigest.getInstance("SHA-256");
      random.nextBytes(block);
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
      if (left == 0) {
        return -1;
      }
      int count = (int) Math.min(Math.min(length, block.length), left);
      block[(int) (left % block.length)]++;
      System.arraycopy(block, 0, target, offset, count);
      digest.update(target, offset, count);
      left -= count;
      return count;
    }
  }
}
