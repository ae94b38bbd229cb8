package dev.nacelle.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A registry that wants tokens, redirects blobs elsewhere and breaks connections. */
final class UnreliableRegistryTest {
  @TempDir Path directory;
  private final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();
  private HttpServer server;
  private HttpServer blobs;
  private Path layout;
  private boolean broken;
  private int failuresLeft;
  private boolean wantsToken;
  private RegistryClient registries;
  private LocalImageStore store;

  @BeforeEach
  void start() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    layout = SampleLayout.write(directory);
    server = serve(this::api);
    blobs = serve(this::blob);
    registries = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
    store = LocalImageStore.open(directory.resolve("node"), registries, Clock.systemUTC());
  }

  @AfterEach
  void stop() {
    if (server != null) {
      store.close();
      registries.close();
      server.stop(0);
      blobs.stop(0);
    }
  }

  private static HttpServer serve(com.sun.net.httpserver.HttpHandler handler) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", handler);
    server.start();
    return server;
  }

  private static String header(HttpExchange exchange, String name) {
    return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name)).orElse("");
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void api(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/token")) {
      String expected = "Basic " + Base64.getEncoder().encodeToString("user:right".getBytes(UTF_8));
      boolean allowed = header(exchange, "authorization").equals(expected);
      seen.add("token " + exchange.getRequestURI().getQuery());
      answer(exchange, allowed ? 200 : 401, "{\"token\":\"t0k\"}".getBytes(UTF_8));
      return;
    }
    if (wantsToken && !header(exchange, "authorization").equals("Bearer t0k")) {
      exchange
          .getResponseHeaders()
          .set(
              "www-authenticate",
              "Bearer realm=\"http://127.0.0.1:"
                  + server.getAddress().getPort()
                  + "/token\",service=\"svc\",scope=\"repository:app:pull\"");
      answer(exchange, 401, new byte[0]);
      return;
    }
    if (failuresLeft > 0) {
      failuresLeft--;
      answer(exchange, 503, new byte[0]);
      return;
    }
    if (path.contains("/manifests/")) {
      String index = Files.readString(layout.resolve("index.json"));
      answer(exchange, 200, content(index.replaceAll(".*?sha256:([0-9a-f]{64}).*", "$1")));
      return;
    }
    // localhost is another origin than 127.0.0.1
    exchange
        .getResponseHeaders()
        .set("location", "http://localhost:" + blobs.getAddress().getPort() + path);
    answer(exchange, 307, new byte[0]);
  }

  private byte[] content(String hex) throws IOException {
    return Files.readAllBytes(layout.resolve("blobs/sha256").resolve(hex));
  }

  private void blob(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] content = content(path.substring(path.length() - 64));
    String range = header(exchange, "range");
    seen.add("blob auth=" + header(exchange, "authorization") + " range=" + range);
    int from = range.isEmpty() ? 0 : Integer.parseInt(range.replaceAll("[^0-9]", ""));
    if (!range.isEmpty()) {
      exchange
          .getResponseHeaders()
          .set(
              "content-range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }
    exchange.sendResponseHeaders(range.isEmpty() ? 200 : 206, content.length - from);
    int to = broken ? Math.min(content.length, from + (1 << 20)) : content.length;
    exchange.getResponseBody().write(Arrays.copyOfRange(content, from, to));
    exchange.getResponseBody().flush();
    if (to < content.length) {
      throw new IOException("breaks off"); // the server closes the connection
    }
    exchange.close();
  }

  private ImageReference reference() {
    return ImageReference.parse("127.0.0.1:" + server.getAddress().getPort() + "/app:1");
  }

  private Ensured pull(PullSecrets secrets) throws InterruptedException {
    return store.ensure(
        new PullRequest(reference(), PullPolicy.ALWAYS, secrets), PullProgress.SILENT);
  }

  @Test
  void aBrokenDownloadGoesOnWhereItBroke() throws Exception {
    broken = true;
    assertThat(pull(PullSecrets.NONE).image().layers()).hasSize(2);
    assertThat(seen).anyMatch(s -> s.endsWith("range=bytes=1048576-"));
  }

  @Test
  void aTokenIsFetchedWithTheCredentialAndNotShownToOthers() throws Exception {
    wantsToken = true;
    var secrets =
        PullSecrets.of(reference().registry(), new Credential.UserPassword("user", "right"));
    assertThat(pull(secrets).image().layers()).hasSize(2);
    assertThat(seen).contains("token service=svc&scope=repository:app:pull");
    assertThat(seen).filteredOn(s -> s.startsWith("blob")).allMatch(s -> s.contains("auth= "));
    assertThatThrownBy(() -> pull(PullSecrets.NONE))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.UNAUTHORIZED));
  }

  @Test
  void aRegistryThatIsBrieflyUnavailableIsAskedAgain() throws Exception {
    failuresLeft = 2;
    assertThat(pull(PullSecrets.NONE).image().layers()).hasSize(2);
    failuresLeft = 1000;
    assertThatThrownBy(() -> pull(PullSecrets.NONE))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> assertThat(e.fault()).isEqualTo(ImageFault.REGISTRY_UNAVAILABLE));
  }

  @Test
  void aMirrorIsAskedFirstAndTheRegistryWhereItFails() throws Exception {
    String mirror = "http://127.0.0.1:" + server.getAddress().getPort();
    var dead =
        new RegistrySettings.Registry(
            Optional.empty(),
            Optional.empty(),
            RegistrySettings.Verification.REQUIRED,
            List.of("http://127.0.0.1:1", mirror),
            Optional.empty());
    var settings = new RegistrySettings(Map.of("registry.invalid", dead));
    try (var client = new RegistryClient(settings, ProxySettings.NONE);
        var other = LocalImageStore.open(directory.resolve("other"), client, Clock.systemUTC())) {
      Ensured pulled =
          other.ensure(
              PullRequest.of(ImageReference.parse("registry.invalid/app:1"), PullPolicy.ALWAYS),
              PullProgress.SILENT);
      assertThat(pulled.image().names()).containsExactly("registry.invalid/app:1");
    }
  }
}
