package dev.nacelle.image.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.Platform;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ranges, referrers and uploads at registries that do these things each in their own way. */
final class OddRegistryTest {
  private final byte[] content = new byte[300_000];
  private final Queue<String> seen = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
  private Descriptor blob;
  private HttpServer server;
  private HttpHandler behaviour = exchange -> answer(exchange, 404, new byte[0]);

  @BeforeEach
  void start() throws IOException {
    new Random(1).nextBytes(content);
    blob = Descriptor.of("x/y", Bytes.wrap(content));
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          String auth = header(exchange, "authorization");
          seen.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + auth);
          behaviour.handle(exchange);
        });
    server.start();
  }

  @AfterEach
  void stop() {
    registries.close();
    server.stop(0);
    threads.close();
  }

  private static String header(HttpExchange exchange, String name) {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name)).orElse("");
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  /** Answers a range, moved by {@code shift} and of which only {@code part} of the bytes come. */
  private void part(HttpExchange exchange, int shift, double part) throws IOException {
    String[] asked = header(exchange, "range").substring("bytes=".length()).split("-", -1);
    int from = Integer.parseInt(asked[0]) + shift;
    int to = Integer.parseInt(asked[1]) + shift;
    exchange
        .getResponseHeaders()
        .set("content-range", "bytes " + from + "-" + to + "/" + content.length);
    byte[] body = Arrays.copyOfRange(content, from, to + 1);
    answer(exchange, 206, Arrays.copyOf(body, (int) (body.length * part)));
  }

  private ImageReference reference(String host) {
    return ImageReference.parse(host + ":" + server.getAddress().getPort() + "/app:1");
  }

  private Bytes read(int offset, int length) throws Exception {
    return registries
        .repository(reference("127.0.0.1"), Optional.empty())
        .range(blob, offset, length);
  }

  private Bytes expected(int offset, int length) {
    return Bytes.wrap(Arrays.copyOfRange(content, offset, offset + length));
  }

  @Test
  void aRangeIsReadWithOneRequest() throws Exception {
    behaviour = exchange -> part(exchange, 0, 1);
    assertThat(read(1000, 5000)).isEqualTo(expected(1000, 5000));
    assertThat(read(content.length - 1, 1)).isEqualTo(expected(content.length - 1, 1));
    assertThat(read(7, 0)).isEqualTo(Bytes.EMPTY);
    assertThat(seen).hasSize(2);
  }

  @Test
  void aRegistryWithoutRangesSendsTheWholeAndThePartIsTaken() throws Exception {
    behaviour = exchange -> answer(exchange, 200, content);
    assertThat(read(1000, 5000)).isEqualTo(expected(1000, 5000));
    assertThat(read(0, content.length)).isEqualTo(expected(0, content.length));
  }

  @Test
  void aRangeIsReadWhereTheRegistryPointsAndTheTokenStaysHere() throws Exception {
    behaviour =
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          if (path.equals("/token")) {
            answer(exchange, 200, "{\"token\":\"t0k\"}".getBytes(UTF_8));
          } else if (header(exchange, "host").startsWith("localhost")) {
            part(exchange, 0, 1);
          } else if (header(exchange, "authorization").isEmpty()) {
            String realm = "http://127.0.0.1:" + server.getAddress().getPort() + "/token";
            exchange
                .getResponseHeaders()
                .set("www-authenticate", "Bearer realm=\"" + realm + "\",service=\"s\"");
            answer(exchange, 401, new byte[0]);
          } else {
            String elsewhere = "http://localhost:" + server.getAddress().getPort() + path;
            exchange.getResponseHeaders().set("location", elsewhere);
            answer(exchange, 307, new byte[0]);
          }
        };
    Repository repository = registries.repository(reference("127.0.0.1"), Optional.empty());
    assertThat(repository.range(blob, 10, 20)).isEqualTo(expected(10, 20));
    assertThat(repository.range(blob, 50, 20)).isEqualTo(expected(50, 20));
    assertThat(seen).filteredOn(s -> s.contains("/token")).hasSize(1);
    assertThat(seen).filteredOn(s -> s.endsWith("Bearer t0k")).hasSize(2);
    assertThat(seen).filteredOn(s -> s.endsWith(" ")).hasSize(4); // token, 401, twice elsewhere
  }

  @Test
  void anotherRangeThanAskedForIsAnError() {
    behaviour = exchange -> part(exchange, 1, 1);
    assertThatThrownBy(() -> read(1000, 5000)).hasMessageContaining("another range");
  }

  @Test
  void aShortBodyIsAnError() {
    behaviour = exchange -> part(exchange, 0, 0.5);
    assertThatThrownBy(() -> read(1000, 5000)).hasMessageContaining("2500 of 5000");
    behaviour = exchange -> answer(exchange, 200, Arrays.copyOf(content, 500));
    assertThatThrownBy(() -> read(1000, 5000)).isInstanceOf(IOException.class);
  }

  @Test
  void aRefusalIsTheSourcesErrorAndNotTriedAgain() {
    behaviour = exchange -> answer(exchange, 503, new byte[0]);
    assertThatThrownBy(() -> read(0, 10)).isInstanceOf(IOException.class);
    assertThat(seen).hasSize(1);
  }

  @Test
  void referrersComeFromTheApiWhereThereIsOneInPages() throws Exception {
    String digest = blob.digest();
    behaviour =
        exchange -> {
          String uri = exchange.getRequestURI().toString();
          if (uri.contains("/referrers/") && !uri.contains("last=")) {
            exchange
                .getResponseHeaders()
                .set("link", "</v2/app/referrers/" + digest + "?last=1>; rel=\"next\"");
            answer(exchange, 200, list("a/a", "b/b"));
          } else if (uri.contains("last=1")) {
            answer(exchange, 200, list("a/a"));
          } else {
            answer(exchange, 404, new byte[0]);
          }
        };
    Repository repository = registries.repository(reference("127.0.0.1"), Optional.empty());
    assertThat(repository.referrers(digest, "a/a")).hasSize(2);
    seen.clear(); // of the tag too, as long as nothing is known of the registry
    assertThat(repository.referrers(digest, "a/a")).hasSize(2);
    assertThat(seen).hasSize(2).allMatch(s -> s.contains("/v2/app/referrers/" + digest + "?"));
    assertThat(seen.peek()).contains("artifactType=a%2Fa");
    assertThat(repository.referrers(digest)).hasSize(3);
  }

  @Test
  void apiAndTagAreAskedAtOnceAndWhatIsFoundIsRemembered() throws Exception {
    var both = new CountDownLatch(2);
    behaviour =
        exchange -> {
          both.countDown();
          boolean listed = exchange.getRequestURI().getPath().contains("/manifests/sha256-");
          try {
            both.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          answer(exchange, listed ? 200 : 404, listed ? list("a/a", "b/b") : new byte[0]);
        };
    ImageReference reference = reference("127.0.0.1");
    Repository repository = registries.repository(reference, Optional.empty());
    assertThat(repository.referrers(blob.digest(), "a/a")).hasSize(1);
    assertThat(seen).hasSize(2);
    assertThat(registries.repository(reference, Optional.empty()).referrers(blob.digest()))
        .hasSize(2);
    assertThat(seen).hasSize(3);
  }

  @Test
  void theDigestOfAnImageOfSeveralPlatformsIsToldBeforeItsManifestIsAskedFor() throws Exception {
    Bytes image =
        Bytes.utf8(
            "{\"config\":{\"mediaType\":\"c\",\"digest\":\"%s\",\"size\":1},\"layers\":[]}"
                .formatted(blob.digest()));
    Descriptor inner = Descriptor.of(MediaTypes.OCI_MANIFEST, image);
    Platform host = Platform.host();
    Bytes index =
        Bytes.utf8(
            "{\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":1,\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"}}]}"
                .formatted(
                    MediaTypes.OCI_MANIFEST, inner.digest(), host.os(), host.architecture()));
    behaviour =
        exchange -> {
          boolean top = exchange.getRequestURI().getPath().endsWith("/1");
          answer(exchange, 200, (top ? index : image).toByteArray());
        };
    Repository repository = registries.repository(reference("127.0.0.1"), Optional.empty());
    var told = new ArrayList<String>();
    Repository.Resolved resolved =
        repository.resolve(
            host,
            digest -> {
              told.add(digest);
              assertThat(seen).hasSize(1);
            });
    assertThat(resolved.manifests()).hasSize(2);
    assertThat(told).containsExactly(inner.digest());
  }

  @Test
  void aRegistryThatHasNeitherIsAskedForBothAgain() throws Exception {
    Repository repository = registries.repository(reference("127.0.0.1"), Optional.empty());
    assertThat(repository.referrers(blob.digest(), "a/a")).isEmpty();
    assertThat(repository.referrers(blob.digest(), "a/a")).isEmpty();
    assertThat(seen).hasSize(4);
  }

  private byte[] list(String... types) {
    var entries = new StringBuilder();
    for (String type : types) {
      entries.append(entries.isEmpty() ? "" : ",");
      entries.append(
          "{\"mediaType\":\"m\",\"digest\":\"%s\",\"size\":1,\"artifactType\":\"%s\"}"
              .formatted(blob.digest(), type));
    }
    entries.append(",{\"mediaType\":\"m\",\"digest\":\"sha512:00\",\"artifactType\":\"a/a\"}");
    return ("{\"manifests\":[" + entries + "]}").getBytes(UTF_8);
  }

  @Test
  void aManifestIsAskedForByItsTypesAndHeldToItsDigest() throws Exception {
    Bytes manifest = Bytes.utf8("{\"config\":{}}");
    String digest = Descriptor.of("m", manifest).digest();
    var accepted = new ConcurrentLinkedQueue<String>();
    behaviour =
        exchange -> {
          accepted.add(header(exchange, "accept"));
          exchange.getResponseHeaders().set("docker-content-digest", blob.digest());
          answer(exchange, 200, manifest.toByteArray());
        };
    Repository repository = registries.repository(reference("127.0.0.1"), Optional.empty());
    assertThat(repository.manifest(digest)).isEqualTo(manifest);
    assertThat(accepted.peek())
        .contains(MediaTypes.OCI_MANIFEST, MediaTypes.OCI_INDEX, MediaTypes.DOCKER_MANIFEST);
    assertThatThrownBy(() -> repository.manifest(blob.digest()))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.DIGEST_MISMATCH));
  }

  @Test
  void aManifestIsPushedAsWhatItIs() throws Exception {
    var types = new ConcurrentLinkedQueue<String>();
    behaviour =
        exchange -> {
          types.add(header(exchange, "content-type"));
          answer(exchange, 201, new byte[0]);
        };
    registries
        .writer(reference("127.0.0.1"), Optional.empty())
        .pushManifest(MediaTypes.OCI_MANIFEST, Bytes.utf8("{}"), Optional.of("v1"));
    assertThat(types).containsExactly(MediaTypes.OCI_MANIFEST);
  }

  @Test
  void aRegistryThatNotesTheSubjectNeedsNoTag() throws Exception {
    behaviour =
        exchange -> {
          exchange.getResponseHeaders().set("oci-subject", blob.digest());
          answer(exchange, 201, new byte[0]);
        };
    registries
        .writer(reference("127.0.0.1"), Optional.empty())
        .pushReferrer(blob.digest(), "m/m", "a/a", Bytes.utf8("{}"));
    assertThat(seen).hasSize(1);
  }

  @Test
  void anImageThatHasTheTagOfAListIsNeitherReadNorReplaced() {
    byte[] image =
        "{\"mediaType\":\"%s\",\"config\":{},\"layers\":[]}"
            .formatted(MediaTypes.OCI_MANIFEST)
            .getBytes(java.nio.charset.StandardCharsets.UTF_8);
    behaviour =
        exchange -> {
          boolean tagged = exchange.getRequestURI().getPath().contains("/manifests/sha256-");
          boolean read = exchange.getRequestMethod().equals("GET");
          int status = read ? (tagged ? 200 : 404) : 201;
          answer(exchange, status, tagged && read ? image : new byte[0]);
        };
    ImageReference reference = reference("127.0.0.1");
    assertThatThrownBy(
            () -> registries.repository(reference, Optional.empty()).referrers(blob.digest()))
        .hasMessageContaining("is no list of referrers");
    assertThatThrownBy(
            () ->
                registries
                    .writer(reference, Optional.empty())
                    .pushReferrer(blob.digest(), "m/m", "a/a", Bytes.utf8("{}")))
        .hasMessageContaining("is no list of referrers");
    assertThat(seen).noneMatch(s -> s.startsWith("PUT") && s.contains("/manifests/sha256-"));
  }

  @Test
  void anUploadGoesWhereTheRegistrySaysWithoutTheCredential() throws Exception {
    var arrived = new ConcurrentLinkedQueue<Bytes>();
    behaviour =
        exchange -> {
          switch (exchange.getRequestMethod()) {
            case "HEAD" -> answer(exchange, 404, new byte[0]);
            case "POST" -> {
              String to = "http://localhost:" + server.getAddress().getPort() + "/put?state=1";
              exchange.getResponseHeaders().set("location", to);
              answer(exchange, 202, new byte[0]);
            }
            default -> {
              arrived.add(Bytes.wrap(exchange.getRequestBody().readAllBytes()));
              answer(exchange, 201, new byte[0]);
            }
          }
        };
    var token = new dev.nacelle.image.Credential.RegistryToken("t0k");
    registries
        .writer(reference("127.0.0.1"), Optional.of(token))
        .pushBlob(blob, Bytes.wrap(content)::asInputStream);
    assertThat(arrived).containsExactly(Bytes.wrap(content));
    assertThat(seen)
        .anyMatch(s -> s.equals("PUT /put?state=1&digest=" + blob.digest() + " "))
        .anyMatch(s -> s.startsWith("POST") && s.endsWith("Bearer t0k"));
  }
}
