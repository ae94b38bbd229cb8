package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands exchanges on to other servers and their answers back. Bodies stream both ways at once, an
 * upgrade becomes bytes both ways, and headers that are about one connection stay on it. Safe for
 * any thread.
 */
public final class Relay {
  private static final Logger LOG = LoggerFactory.getLogger(Relay.class);
  private static final int CHUNK = 32 << 10;
  private static final Set<String> OF_ONE_CONNECTION =
      Set.of(
          "connection",
          "keep-alive",
          "proxy-connection",
          "proxy-authenticate",
          "proxy-authorization",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  private final HttpClient client;

  /** What is changed on the way. */
  public interface Changes {
    /** The headers of the request, as the other server shall see them. */
    Headers request(Headers headers);

    /**
     * The answer, as the client shall see it. An exception refuses it: then nothing is answered.
     */
    Answer answer(Answer answer) throws IOException;
  }

  /**
   * A final answer.
   *
   * @param headers name a {@code content-length} only if the body is of that length
   */
  public record Answer(int status, Headers headers, InputStream body) {}

  /**
   * @param client without a read timeout, for it bounds the silence of streams; closed by the owner
   */
  public Relay(HttpClient client) {
    this.client = client;
  }

  /**
   * Answers an exchange with what another server answers; returns when it is over.
   *
   * @throws UnreachableException if the server cannot be reached; then nothing was answered
   * @throws IOException if it does not answer, or the client has left; then nothing was answered
   */
  public void forward(HttpExchange exchange, URI target, Changes changes)
      throws IOException, InterruptedException {
    Headers own = exchange.headers();
    Headers headers = changes.request(withoutConnection(own).toBuilder().remove("expect").build());
    var departure = new Departure(exchange);
    if (!own.hasToken("connection", "upgrade") || !own.contains("upgrade")) {
      var request = new HttpRequest(exchange.method(), target, headers, body(exchange));
      relay(exchange, departure.guard(() -> client.send(request)), changes);
      return;
    }
    Headers asking =
        headers.toBuilder()
            .add("connection", "Upgrade")
            .add("upgrade", String.join(", ", own.all("upgrade")))
            .build();
    var request = new HttpRequest(exchange.method(), target, asking, new HttpRequest.Body.Empty());
    switch (departure.guard(() -> client.askUpgrade(request))) {
      case UpgradeAnswer.Switched(Headers answer, DuplexStream server) ->
          splice(exchange, answer, server);
      case UpgradeAnswer.Refused(HttpResponse response) -> relay(exchange, response, changes);
    }
  }

  private static HttpRequest.Body body(HttpExchange exchange) {
    if (!exchange.hasBody()) {
      return new HttpRequest.Body.Empty();
    }
    String length = exchange.headers().first("content-length").orElse("");
    return new HttpRequest.Body.Streamed(
        exchange::bodyStream, length.matches("\\d{1,18}") ? Long.parseLong(length) : -1);
  }

  /** Drops the headers that are about one connection, and those that {@code connection} names. */
  private static Headers withoutConnection(Headers headers) {
    var dropped = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    dropped.addAll(OF_ONE_CONNECTION);
    for (String line : headers.all("connection")) {
      Arrays.stream(line.split(",", -1)).map(String::strip).forEach(dropped::add);
    }
    var kept = Headers.builder();
    headers.forEach(
        (name, value) -> {
          if (!dropped.contains(name)) {
            kept.add(name, value);
          }
        });
    return kept.build();
  }

  private static void relay(HttpExchange exchange, HttpResponse response, Changes changes)
      throws IOException, InterruptedException {
    try (response) {
      if (response.status() < 200) {
        throw new IOException("the server switched protocols without being asked");
      }
      Answer answer =
          changes.answer(
              new Answer(
                  response.status(), withoutConnection(response.headers()), response.body()));
      exchange.onClose(response::close);
      ResponseStream out = exchange.respondStreaming(answer.status(), answer.headers());
      try {
        copy(answer.body(), out);
        out.close();
      } catch (IOException e) {
        // answered already: the client must see that something is missing
        LOG.debug("an answer breaks off: {}", e.getMessage());
        out.abort();
      }
    }
  }

  private static void copy(InputStream in, ResponseStream out)
      throws IOException, InterruptedException {
    byte[] chunk = new byte[CHUNK];
    out.flush();
    for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
      out.write(Bytes.wrap(Arrays.copyOf(chunk, count)));
      if (in.available() == 0) {
        out.flush();
      }
    }
  }

  private static void splice(HttpExchange exchange, Headers answer, DuplexStream server)
      throws IOException, InterruptedException {
    try (server) {
      String protocol = String.join(", ", answer.all("upgrade"));
      DuplexStream peer = exchange.upgrade(protocol, withoutConnection(answer));
      exchange.onClose(server::close);
      try (peer) {
        Thread up =
            Thread.ofVirtual().name("relay upgraded").start(() -> carry(peer, server, server));
        carry(server, peer, server);
        peer.close();
        up.join();
      }
    } catch (UpgradeRefusedException e) {
      LOG.debug("the client was refused: {}", e.getMessage());
    }
  }

  /** Copies one way to its end; then the server's side is closed, which ends the other way. */
  private static void carry(DuplexStream from, DuplexStream to, DuplexStream server) {
    byte[] chunk = new byte[CHUNK];
    try {
      InputStream in = from.input();
      OutputStream out = to.output();
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        out.write(chunk, 0, count);
        out.flush();
      }
    } catch (IOException e) {
      LOG.debug("an upgraded connection ends: {}", e.getMessage());
    }
    server.close();
  }
}
