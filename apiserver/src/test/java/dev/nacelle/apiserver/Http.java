package dev.nacelle.apiserver;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A plain client that shows what goes over the wire. */
final class Http implements AutoCloseable {
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String url;

  Http(String url) {
    this.url = url;
  }

  record Reply(int code, HttpResponse<String> response) {
    JsonObject json() {
      return JsonReader.readObject(Bytes.utf8(response.body()));
    }

    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    String message() {
      return json().string("message").orElse("");
    }
  }

  static JsonObject json(String text) {
    return JsonReader.readObject(Bytes.utf8(text.replace('\'', '"')));
  }

  /** Headers are names and values in turn; single quotes in the body stand for double ones. */
  Reply send(String method, String path, String body, String... headers)
      throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create(url + path))
            .timeout(Duration.ofSeconds(30))
            .method(
                method,
                body.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    var response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    return new Reply(response.statusCode(), response);
  }

  Reply get(String path, String... headers) throws IOException, InterruptedException {
    return send("GET", path, "", headers);
  }

  Reply post(String path, String body) throws IOException, InterruptedException {
    return send("POST", path, body, "content-type", "application/json");
  }

  /** The first frames of a watch. */
  List<JsonObject> watch(String path, int frames) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(30)).build();
    var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    var result = new ArrayList<JsonObject>();
    try (InputStream in = response.body();
        var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      while (result.size() < frames) {
        String line = lines.readLine();
        if (line == null) {
          break;
        }
        result.add(JsonReader.readObject(Bytes.utf8(line)));
      }
    }
    return result;
  }

  @Override
  public void close() {
    client.close();
  }
}
