package dev.nacelle.bench.platform;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.base.pki.Pem;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Base64;
import java.util.Optional;

/** The API of an instance over HTTPS with a bearer token. Safe for any thread. */
public final class ApiConnection implements AutoCloseable {
  private static final int MAX_ANSWER = 64 << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final HttpClient client;
  private final String origin;
  private final String token;

  private ApiConnection(HttpClient client, String origin, String token) {
    this.client = client;
    this.origin = origin;
    this.token = token;
  }

  static ApiConnection open(Path kubeconfig, int port, String token) throws IOException {
    Json config = YamlReader.read(Bytes.wrap(Files.readAllBytes(kubeconfig)));
    String authority =
        Optional.of(config)
            .filter(JsonObject.class::isInstance)
            .map(JsonObject.class::cast)
            .flatMap(c -> c.array("clusters").objects().findFirst())
            .flatMap(c -> c.string("cluster", "certificate-authority-data"))
            .orElseThrow(() -> new IOException("there is no authority in " + kubeconfig));
    try {
      String pem = new String(Base64.getDecoder().decode(authority), StandardCharsets.UTF_8);
      return new ApiConnection(
          HttpClient.builder()
              .trust(Pem.certificates(pem))
              .readTimeout(PATIENCE)
              .connectionsPerOrigin(256)
              .build(),
          "https://127.0.0.1:" + port,
          token);
    } catch (CertificateException e) {
      throw new IOException("cannot use " + kubeconfig + ": " + e.getMessage(), e);
    }
  }

  /** The address of a path, for other clients. */
  public String url(String path) {
    return origin + path;
  }

  /**
   * Sends a request; the caller closes the response. A read waits at most three minutes.
   *
   * @throws IOException also when the API refuses
   */
  public HttpResponse open(String method, String path, Optional<JsonObject> body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.of(method, URI.create(url(path)))
            .with("authorization", "Bearer " + token)
            .with("accept", "application/json");
    if (body.isPresent()) {
      request = request.with("content-type", "application/json").with(JsonWriter.write(body.get()));
    }
    HttpResponse response = client.send(request);
    if (response.status() >= 300) {
      try (response) {
        throw new IOException(
            "%s %s was answered with %d: %s"
                .formatted(method, path, response.status(), response.bytes(MAX_ANSWER).toUtf8()));
      }
    }
    return response;
  }

  public JsonObject get(String path) throws IOException, InterruptedException {
    return JsonReader.readObject(send("GET", path, Optional.empty()));
  }

  /** The body of an answer as text. */
  public String text(String path) throws IOException, InterruptedException {
    return send("GET", path, Optional.empty()).toUtf8();
  }

  public JsonObject post(String path, JsonObject body) throws IOException, InterruptedException {
    return JsonReader.readObject(send("POST", path, Optional.of(body)));
  }

  /** Deletes without grace. */
  public void delete(String path) throws IOException, InterruptedException {
    JsonObject options =
        JsonObject.builder()
            .put("apiVersion", "v1")
            .put("kind", "DeleteOptions")
            .put("gracePeriodSeconds", 0)
            .build();
    send("DELETE", path, Optional.of(options));
  }

  private Bytes send(String method, String path, Optional<JsonObject> body)
      throws IOException, InterruptedException {
    try (HttpResponse response = open(method, path, body)) {
      return response.bytes(MAX_ANSWER);
    }
  }

  /** Watches a collection from a revision on. */
  public Watch watch(String path, String resourceVersion) throws IOException, InterruptedException {
    return new Watch(
        open("GET", path + "?watch=true&resourceVersion=" + resourceVersion, Optional.empty()));
  }

  @Override
  public void close() {
    client.close();
  }
}
