package dev.nacelle.bench.teleport;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.bench.image.ImagePusher;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import dev.nacelle.cli.ControlClient;
import dev.nacelle.cli.VerbException;
import dev.nacelle.image.Credential;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.stream.StartReferrer;
import dev.nacelle.image.stream.TraceReferrer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The platform's own registry in place of Debian's, next door: it converts what is pushed. */
final class BuiltInRow {
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final int MAX_ANSWER = 1 << 20;
  private static final String NAME = "bench/plain";
  private static final int OFTEN = 3;

  private final Session session;
  private final Scene scene;
  private final Scene.Parts parts;
  private final String digest;

  BuiltInRow(Session session, Scene scene, Scene.Parts parts) {
    this.session = session;
    this.scene = scene;
    this.parts = parts;
    this.digest = Descriptor.of("", scene.image().manifest()).digest();
  }

  void run(int rounds) throws IOException, InterruptedException, VerbException {
    String host = host();
    Path authority = parts.instance().data().resolve("cluster/pki/ca.crt");
    push(host, authority);
    try (HttpClient client =
        HttpClient.builder()
            .trust(Pem.certificates(Files.readString(authority)))
            .readTimeout(PATIENCE)
            .build()) {
      await(client, host, StartReferrer.ARTIFACT_TYPE); // the last that a conversion makes
      Set<String> converted = new HashSet<>();
      referrers(client, host, "").forEach(r -> converted.add(digestOf(r)));
      measure(client, host, converted, rounds);
    } catch (CertificateException e) {
      throw new IOException("cannot use " + authority, e);
    }
  }

  private String host() throws VerbException, InterruptedException {
    try (ControlClient control = parts.instance().control()) {
      String url = control.get("/v1/status").string("registry", "url").orElse("");
      return URI.create(url).getAuthority();
    }
  }

  private void push(String host, Path authority) throws IOException, InterruptedException {
    var settings =
        new RegistrySettings.Registry(
            Optional.of(authority),
            Optional.of(false),
            RegistrySettings.Verification.REQUIRED,
            List.of(),
            Optional.of(new Credential.UserPassword("bench", parts.instance().token())));
    ImagePusher.push(
        scene.image(), host + "/" + NAME + ":1", new RegistrySettings(Map.of(host, settings)));
  }

  private static String digestOf(JsonObject referrer) {
    return referrer.string("digest").orElse("");
  }

  private void measure(HttpClient client, String host, Set<String> converted, int rounds)
      throws IOException, InterruptedException, VerbException {
    String image = host + "/" + NAME + ":1";
    var starts = new ColdStarts(parts);
    var traced = new Way("first output, cold, traced", "0");
    var untraced = new Way("first output, cold, no trace", "0");
    var whole = new Way("first output, after the whole download", "0");
    var warm = new Way("first output, warm", "0");
    for (int round = 0; round < rounds; round++) {
      parts.images().forget();
      forgetStarts(client, host, converted);
      untraced.millis().add(starts.firstOutput(Workload.FIRST_OUTPUT, image));
      parts.images().coldStartEnded();
      await(client, host, TraceReferrer.ARTIFACT_TYPE);
      for (int i = 0; i < OFTEN; i++) {
        parts.images().forget();
        traced.millis().add(starts.firstOutput(Workload.FIRST_OUTPUT, image));
        parts.images().coldStartEnded();
      }
      parts.images().forget();
      whole.millis().add(starts.afterDownload(Workload.FIRST_OUTPUT, image));
      for (int i = 0; i < OFTEN; i++) {
        starts.warm(warm, () -> starts.firstOutput(Workload.FIRST_OUTPUT, image));
      }
    }
    session.heading("teleport: from the built-in registry, over TLS, without a proxy");
    Table table = Way.table("");
    List.of(traced, untraced, whole, warm)
        .forEach(
            w ->
                table.row(
                    w.name(),
                    w.away(),
                    Table.number(w.millis().median()),
                    Table.number(w.millis().min()),
                    Table.number(w.millis().max()),
                    String.valueOf(w.millis().count())));
    table.print(session.out());
    Target.below("built-in: cold over warm, output", "ms", 50, 50)
        .print(traced.millis().median() - warm.millis().median(), session.out());
  }

  /** Waits until something of a type lies beside the image. */
  private void await(HttpClient client, String host, String type)
      throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (referrers(client, host, type).isEmpty()) {
      if (System.nanoTime() > end) {
        throw new IOException("nothing of the type " + type + " lies beside the image");
      }
      Thread.sleep(100);
    }
  }

  /** Takes away what starts have left. */
  private void forgetStarts(HttpClient client, String host, Set<String> converted)
      throws IOException, InterruptedException {
    for (JsonObject each : referrers(client, host, "")) {
      if (!converted.contains(digestOf(each))) {
        send(client, "DELETE", host, "manifests/" + digestOf(each));
      }
    }
  }

  private List<JsonObject> referrers(HttpClient client, String host, String type)
      throws IOException, InterruptedException {
    return JsonReader.readObject(send(client, "GET", host, "referrers/" + digest))
        .array("manifests")
        .objects()
        .filter(m -> m.string("artifactType").orElse("").contains(type))
        .toList();
  }

  private Bytes send(HttpClient client, String method, String host, String what)
      throws IOException, InterruptedException {
    String login =
        Base64.getEncoder()
            .encodeToString(("bench:" + parts.instance().token()).getBytes(StandardCharsets.UTF_8));
    HttpRequest request =
        HttpRequest.of(method, URI.create("https://" + host + "/v2/" + NAME + "/" + what))
            .with("authorization", "Basic " + login);
    try (HttpResponse response = client.send(request)) {
      Bytes body = response.bytes(MAX_ANSWER);
      if (response.status() >= 300) {
        throw new IOException(method + " " + what + ": " + response.status() + " " + body.toUtf8());
      }
      return body;
    }
  }
}
