package dev.nacelle.cli;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;

/** Speaks to a running platform through {@code DIR/nacelle.sock}. For one thread. */
public final class ControlClient implements AutoCloseable {
  private static final int MAX_ANSWER = 64 << 20;

  private final HttpClient client;

  private ControlClient(Path socket) {
    this.client =
        HttpClient.builder()
            .unixSocket(UnixDomainSocketAddress.of(socket))
            .connectTimeout(Duration.ofSeconds(2))
            .readTimeout(Duration.ofMinutes(30))
            .build();
  }

  /** The socket of a platform. */
  public static Path socket(Path data) {
    return data.resolve("nacelle.sock");
  }

  /** Whether a platform answers there. */
  public static boolean isUp(Path data) {
    Path socket = socket(data);
    if (!Files.exists(socket)) {
      return false;
    }
    try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return channel.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * @throws VerbException if no platform runs on that directory
   */
  public static ControlClient connect(Path data) throws VerbException {
    if (!isUp(data)) {
      throw new VerbException(
          "cannot reach a platform with data in "
              + data
              + ": it is not running; try 'nacelle up --data "
              + data
              + "'");
    }
    return new ControlClient(socket(data));
  }

  public JsonObject get(String path) throws VerbException, InterruptedException {
    return send(HttpRequest.get(URI.create("http://nacelle" + path)));
  }

  public JsonObject post(String path, JsonObject body) throws VerbException, InterruptedException {
    return send(
        HttpRequest.of("POST", URI.create("http://nacelle" + path)).with(JsonWriter.write(body)));
  }

  private JsonObject send(HttpRequest request) throws VerbException, InterruptedException {
    try (HttpResponse response = client.send(request)) {
      Bytes body = response.bytes(MAX_ANSWER);
      JsonObject answer = body.isEmpty() ? JsonObject.EMPTY : JsonReader.readObject(body);
      if (response.status() != 200) {
        throw refused(response, answer);
      }
      return answer;
    } catch (IOException | JsonSyntaxException e) {
      throw new VerbException("cannot speak with the platform: " + e.getMessage());
    }
  }

  /**
   * Posts what is answered by objects, one a line, as they come.
   *
   * @throws VerbException if it is refused, or the answer breaks off
   */
  public void stream(String path, JsonObject body, Consumer<JsonObject> each)
      throws VerbException, InterruptedException {
    HttpRequest request =
        HttpRequest.of("POST", URI.create("http://nacelle" + path)).with(JsonWriter.write(body));
    try (HttpResponse response = client.send(request)) {
      if (response.status() != 200) {
        throw refused(response, JsonReader.readObject(response.bytes(MAX_ANSWER)));
      }
      var lines =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        each.accept(JsonReader.readObject(Bytes.utf8(line)));
      }
    } catch (IOException | JsonSyntaxException e) {
      throw new VerbException("cannot speak with the platform: " + e.getMessage());
    }
  }

  private static VerbException refused(HttpResponse response, JsonObject answer) {
    return new VerbException(
        answer.string("message").orElse("the platform answered " + response.status()),
        (int) answer.integer("exitCode").orElse(1));
  }

  @Override
  public void close() {
    client.close();
  }
}
