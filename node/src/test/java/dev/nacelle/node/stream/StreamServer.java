package dev.nacelle.node.stream;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpHandler;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpServer;
import dev.nacelle.base.http.UpgradeAnswer;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.spdy.SpdyConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;

/** A server on loopback, and a client of it that speaks SPDY. */
final class StreamServer implements AutoCloseable {
  private final EventLoops loops = EventLoops.start(1);
  private final HttpServer server;
  final HttpClient client = HttpClient.builder().readTimeout(Duration.ZERO).build();

  StreamServer(HttpHandler handler) {
    try {
      server =
          HttpServer.builder(
                  loops,
                  exchange -> {
                    try {
                      handler.handle(exchange);
                    } catch (ApiException e) {
                      exchange.respond(
                          e.code(),
                          Headers.contentType("application/json"),
                          JsonWriter.write(e.status().toJson()));
                    }
                  })
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  URI uri(String query) {
    return URI.create("http://127.0.0.1:" + server.port() + "/?" + query);
  }

  UpgradeAnswer ask(String query, String protocols) throws Exception {
    var request =
        HttpRequest.of("POST", uri(query))
            .with("connection", "Upgrade")
            .with("upgrade", SpdyConnection.PROTOCOL);
    return client.askUpgrade(
        protocols.isEmpty() ? request : request.with("x-stream-protocol-version", protocols));
  }

  SpdyConnection connect(String query, String protocol) throws Exception {
    return switch (ask(query, protocol)) {
      case UpgradeAnswer.Switched switched -> SpdyConnection.ofClient(switched.stream());
      case UpgradeAnswer.Refused refused ->
          throw new AssertionError(refused.response().bytes(1 << 20).toUtf8());
    };
  }

  @Override
  public void close() {
    client.close();
    server.close();
    loops.close();
  }
}
