package dev.nacelle.testkit.e2e;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.base.pki.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A client of the API that is not of the platform's making: the JDK's, with the certificate of a
 * kubeconfig. Safe for any thread; a call that fails throws {@link IOException} and may or may not
 * have had an effect.
 */
public final class ApiOverHttps implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final HttpClient client;
  private final String server;

  private ApiOverHttps(HttpClient client, String server) {
    this.client = client;
    this.server = server;
  }

  /** What came back. */
  public record Answer(int status, JsonObject body) {}

  public static ApiOverHttps of(Path kubeconfig) {
    try {
      Json parsed = YamlReader.read(Bytes.wrap(Files.readAllBytes(kubeconfig)));
      JsonObject config = parsed instanceof JsonObject o ? o : JsonObject.EMPTY;
      JsonObject cluster =
          config.array("clusters").objects().findFirst().orElseThrow().object("cluster");
      JsonObject user = config.array("users").objects().findFirst().orElseThrow().object("user");
      HttpClient client =
          HttpClient.newBuilder()
              .version(HttpClient.Version.HTTP_1_1)
              .connectTimeout(PATIENCE)
              .sslContext(tls(cluster, user))
              .build();
      return new ApiOverHttps(client, cluster.string("server").orElseThrow());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("cannot use " + kubeconfig, e);
    }
  }

  private static SSLContext tls(JsonObject cluster, JsonObject user)
      throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    int number = 0;
    for (X509Certificate authority :
        Pem.certificates(decoded(cluster, "certificate-authority-data"))) {
      trusted.setCertificateEntry("ca" + number++, authority);
    }
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(
        "user",
        Pem.privateKey(decoded(user, "client-key-data")),
        new char[0],
        Pem.certificates(decoded(user, "client-certificate-data")).toArray(Certificate[]::new));
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, new char[0]);
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static String decoded(JsonObject json, String field) {
    return new String(
        Base64.getDecoder().decode(json.string(field).orElseThrow()), StandardCharsets.UTF_8);
  }

  public Answer get(String path) throws IOException, InterruptedException {
    return send(request(path).GET().build());
  }

  public Answer post(String path, String json) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("content-type", "application/json")
            .POST(BodyPublishers.ofString(json))
            .build());
  }

  public Answer put(String path, String json) throws IOException, InterruptedException {
    return send(
        request(path)
            .header("content-type", "application/json")
            .PUT(BodyPublishers.ofString(json))
            .build());
  }

  public Answer delete(String path) throws IOException, InterruptedException {
    return send(request(path).DELETE().build());
  }

  /** The lines of an answer that goes on, such as a watch's; to be closed. */
  public HttpResponse<Stream<String>> lines(String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(server + path)).GET().build(), BodyHandlers.ofLines());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server + path)).timeout(PATIENCE);
  }

  private Answer send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
    byte[] body = response.body();
    return new Answer(
        response.statusCode(),
        body.length == 0 ? JsonObject.EMPTY : JsonReader.readObject(Bytes.wrap(body)));
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
