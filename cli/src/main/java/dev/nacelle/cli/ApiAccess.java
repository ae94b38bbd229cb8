package dev.nacelle.cli;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
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

/**
 * The API over HTTPS, with the identity of a kubeconfig that the platform wrote. For one thread.
 */
final class ApiAccess implements AutoCloseable {
  private static final int MAX_ANSWER = 16 << 20;

  private final HttpClient client;
  private final String server;

  private ApiAccess(HttpClient client, String server) {
    this.client = client;
    this.server = server;
  }

  static ApiAccess of(Path kubeconfig) throws VerbException {
    try {
      Json parsed = YamlReader.read(Bytes.wrap(Files.readAllBytes(kubeconfig)));
      JsonObject config = parsed instanceof JsonObject o ? o : JsonObject.EMPTY;
      JsonObject cluster = first(config, "clusters").object("cluster");
      JsonObject user = first(config, "users").object("user");
      var identity =
          new TlsIdentity(
              Pem.privateKey(decoded(user, "client-key-data")),
              Pem.certificates(decoded(user, "client-certificate-data")));
      HttpClient client =
          HttpClient.builder()
              .trust(Pem.certificates(decoded(cluster, "certificate-authority-data")))
              .identity(() -> identity)
              .readTimeout(Duration.ofSeconds(60))
              .build();
      return new ApiAccess(client, cluster.string("server").orElse(""));
    } catch (IOException | CertificateException | JsonSyntaxException e) {
      throw new VerbException("cannot use " + kubeconfig + ": " + e.getMessage());
    }
  }

  private static JsonObject first(JsonObject config, String list) {
    return config.array(list).objects().findFirst().orElse(JsonObject.EMPTY);
  }

  private static String decoded(JsonObject json, String field) {
    return new String(
        Base64.getDecoder().decode(json.string(field).orElse("")), StandardCharsets.UTF_8);
  }

  /** The object at a path; empty if there is none. */
  Optional<JsonObject> find(String path, String accept) throws VerbException, InterruptedException {
    return send(HttpRequest.get(URI.create(server + path)).with("accept", accept), path);
  }

  /**
   * Applies a YAML document on the server, as {@code kubectl apply --server-side --force-conflicts}
   * does.
   */
  JsonObject apply(String path, Bytes yaml) throws VerbException, InterruptedException {
    return send(
            HttpRequest.of(
                    "PATCH", URI.create(server + path + "?fieldManager=nacelle-demo&force=true"))
                .with("content-type", "application/apply-patch+yaml")
                .with("accept", "application/json")
                .with(yaml),
            path)
        .orElseThrow(() -> new VerbException("cannot apply " + path + ": not found"));
  }

  private Optional<JsonObject> send(HttpRequest request, String path)
      throws VerbException, InterruptedException {
    try (HttpResponse response = client.send(request)) {
      JsonObject answer = JsonReader.readObject(response.bytes(MAX_ANSWER));
      if (response.status() == 404) {
        return Optional.empty();
      }
      if (response.status() >= 300) {
        throw new VerbException(
            "the API refused "
                + path
                + ": "
                + answer.string("message").orElse("status " + response.status()));
      }
      return Optional.of(answer);
    } catch (IOException | JsonSyntaxException e) {
      throw new VerbException("cannot reach the API: " + e.getMessage());
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
