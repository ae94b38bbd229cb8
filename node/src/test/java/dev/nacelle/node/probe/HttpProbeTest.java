package dev.nacelle.node.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class HttpProbeTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private static ProbeResult probe(int port, Duration timeout) throws InterruptedException {
    return new HttpProbe(JsonObject.EMPTY, LOOPBACK.getHostAddress(), port, timeout).run();
  }

  @Test
  void serverThatAnswersIsWell() throws Exception {
    assertThat(answered("200 OK")).isEqualTo(ProbeResult.PASSED);
    assertThat(answered("404 Not Found"))
        .isEqualTo(new ProbeResult.Failed("HTTP probe failed with statuscode: 404"));
  }

  private static ProbeResult answered(String status) throws Exception {
    try (var server = new ServerSocket(0, 5, LOOPBACK);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<String> request = threads.submit(() -> answer(server, status));
      ProbeResult result = probe(server.getLocalPort(), Duration.ofSeconds(20));
      assertThat(request.get()).startsWith("GET / HTTP/1.1\r\n").contains("kube-probe/");
      return result;
    }
  }

  private static String answer(ServerSocket server, String status) throws IOException {
    try (Socket client = server.accept()) {
      var request = new StringBuilder();
      while (!request.toString().endsWith("\r\n\r\n")) {
        request.append((char) client.getInputStream().read());
      }
      String head = "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
      client.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      return request.toString();
    }
  }

  @Test
  void nobodyListensIsARefusal() throws Exception {
    int port;
    try (var server = new ServerSocket(0, 5, LOOPBACK)) {
      port = server.getLocalPort();
    }
    assertThat(probe(port, Duration.ofSeconds(20)))
        .isEqualTo(
            new ProbeResult.Refused(
                "Get \"http://127.0.0.1:"
                    + port
                    + "/\": dial tcp 127.0.0.1:"
                    + port
                    + ": connect: connection refused"));
  }

  @Test
  void serverThatSaysNothingIsLeftAfterTheTimeout() throws Exception {
    try (var server = new ServerSocket(0, 5, LOOPBACK);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Integer> rest =
          threads.submit(
              () -> {
                try (Socket client = server.accept()) {
                  return client.getInputStream().readAllBytes().length;
                }
              });
      ProbeResult result = probe(server.getLocalPort(), Duration.ofMillis(300));
      assertThat(result)
          .isInstanceOfSatisfying(
              ProbeResult.Failed.class,
              failed -> assertThat(failed.output()).contains("context deadline exceeded"));
      // the connection was closed, not left open for the client's own long timeout
      assertThat(rest.get()).isPositive();
    }
  }
}
