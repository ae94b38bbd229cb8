package dev.nacelle.node.stream;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.http.DuplexStream;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.spdy.SpdyConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Connections of clients to ports of a pod, in three forms: streams over SPDY/3.1 ({@code
 * portforward.k8s.io}), the same tunnelled through a WebSocket ({@code
 * SPDY/3.1+portforward.k8s.io}), and channels of a WebSocket for ports that the query names ({@code
 * v4.channel.k8s.io}). Safe for any thread.
 */
public final class PortForward {
  private static final String PROTOCOL = "portforward.k8s.io";
  private static final String TUNNEL = SpdyConnection.PROTOCOL + "+" + PROTOCOL;
  private static final int TUNNEL_FRAME = 1 << 20;
  private static final int MAX_PORTS = 100;

  private PortForward() {}

  /**
   * Serves the client of an exchange; returns when it has left.
   *
   * @param pod for messages
   * @throws ApiException if the request is wrong; then nothing was answered
   */
  public static void serve(
      HttpExchange exchange, String pod, PodPorts.Dialer ports, QueryParameters query)
      throws IOException, InterruptedException {
    if (!exchange.isWebSocketUpgrade()) {
      Optional<SpdyUpgrade> upgrade = SpdyUpgrade.accept(exchange, List.of(PROTOCOL));
      if (upgrade.isPresent()) {
        forward(upgrade.get().connection(), pod, ports);
      }
    } else if (isTunnel(exchange)) {
      DuplexStream tunnel = exchange.acceptWebSocket(List.of(TUNNEL), TUNNEL_FRAME).asStream();
      SpdyConnection connection = SpdyConnection.ofServer(tunnel);
      exchange.onClose(connection::close);
      forward(connection, pod, ports);
    } else {
      List<Integer> asked = ports(query);
      try (ChannelSocket socket = ChannelSocket.accept(exchange, ChannelPortForward.PROTOCOLS)) {
        new ChannelPortForward(socket, pod, ports).serve(asked);
      }
    }
  }

  private static void forward(SpdyConnection connection, String pod, PodPorts.Dialer ports)
      throws InterruptedException {
    try (connection) {
      new SpdyPortForward(connection, pod, ports).serve();
    }
  }

  private static boolean isTunnel(HttpExchange exchange) {
    return exchange.headers().all("sec-websocket-protocol").stream()
        .flatMap(line -> Arrays.stream(line.split(",", -1)))
        .anyMatch(name -> name.strip().startsWith(SpdyConnection.PROTOCOL + "+"));
  }

  private static List<Integer> ports(QueryParameters query) {
    List<String> values = query.all("port");
    if (values.isEmpty()) {
      throw ApiException.badRequest("query parameter \"port\" is required");
    }
    var ports = new ArrayList<Integer>();
    for (String value : values) {
      if (value.isEmpty()) {
        throw ApiException.badRequest("query parameter \"port\" cannot be empty");
      }
      for (String text : value.split(",", -1)) {
        Optional<Integer> port = number(text);
        if (port.isEmpty()) {
          throw ApiException.badRequest("unable to parse \"" + value + "\" as a port");
        }
        if (port.get() < 1) {
          throw ApiException.badRequest("port \"" + value + "\" must be > 0");
        }
        ports.add(port.get());
      }
    }
    if (ports.size() > MAX_PORTS) {
      throw ApiException.badRequest("at most " + MAX_PORTS + " ports can be forwarded at once");
    }
    return ports;
  }

  /** A port as upstream reads one; 0 passes. */
  static Optional<Integer> number(String text) {
    if (!text.matches("\\d{1,5}")) {
      return Optional.empty();
    }
    int port = Integer.parseInt(text);
    return port > 65_535 ? Optional.empty() : Optional.of(port);
  }

  /** What a client is told whose connection did not come about. */
  static String refusal(int port, String pod, IOException why) {
    return "error forwarding port " + port + " to pod " + pod + ", uid : " + why.getMessage();
  }
}
