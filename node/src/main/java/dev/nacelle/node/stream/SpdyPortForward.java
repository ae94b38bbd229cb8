package dev.nacelle.node.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.nacelle.base.http.Headers;
import dev.nacelle.base.spdy.SpdyConnection;
import dev.nacelle.base.spdy.SpdyStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Port-forward over the streams of one SPDY connection: for each forwarded connection the client
 * opens a stream for data and one for errors, with the same {@code requestID}. For one thread.
 */
final class SpdyPortForward {
  private static final Logger LOG = LoggerFactory.getLogger(SpdyPortForward.class);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String DATA = "data";
  private static final String ERROR = "error";

  private final SpdyConnection connection;
  private final String pod;
  private final PodPorts.Dialer ports;

  /** Requests of which a stream is missing; for the serving thread and those that wait. */
  private final Map<String, Pair> incomplete = new ConcurrentHashMap<>();

  private final Phaser running = new Phaser(1);

  /** The streams of one request; filled by the serving thread. */
  private static final class Pair {
    private final CountDownLatch settled = new CountDownLatch(1);
    private final Map<String, SpdyStream> streams = new ConcurrentHashMap<>(2);

    Optional<SpdyStream> stream(String type) {
      return Optional.ofNullable(streams.get(type));
    }
  }

  SpdyPortForward(SpdyConnection connection, String pod, PodPorts.Dialer ports) {
    this.connection = connection;
    this.pod = pod;
    this.ports = ports;
  }

  /** Serves until the client has left and every forwarded connection has ended. */
  void serve() throws InterruptedException {
    for (Optional<SpdyStream> next = connection.accept();
        next.isPresent();
        next = connection.accept()) {
      try {
        take(next.get());
      } catch (IOException e) {
        LOG.debug("the client has left: {}", e.getMessage());
      }
    }
    incomplete.values().forEach(pair -> pair.settled.countDown());
    running.arriveAndAwaitAdvance();
  }

  private void take(SpdyStream stream) throws IOException {
    Optional<String> wrong = wrong(stream.headers());
    if (wrong.isPresent()) {
      LOG.debug("stream rejected: {}", wrong.get());
      stream.reset();
      return;
    }
    stream.reply();
    if (type(stream).equals(ERROR)) {
      stream.input().close();
    }
    String request = request(stream);
    Pair pair = incomplete.get(request);
    if (pair == null) {
      pair = new Pair();
      incomplete.put(request, pair);
      start(request, pair);
    }
    if (pair.streams.putIfAbsent(type(stream), stream) != null) {
      String why = type(stream) + " stream already assigned";
      pair.stream(ERROR)
          .ifPresent(e -> tell(e, "error processing stream for request " + request + ": " + why));
      stream.reset();
    } else if (pair.streams.size() == 2) {
      incomplete.remove(request);
      pair.settled.countDown();
    }
  }

  private static Optional<String> wrong(Headers headers) {
    String port = headers.first("port").orElse("");
    String type = headers.first("streamtype").orElse("");
    if (port.isEmpty()) {
      return Optional.of("\"port\" header is required");
    }
    if (PortForward.number(port).isEmpty()) {
      return Optional.of("unable to parse \"" + port + "\" as a port");
    }
    if (PortForward.number(port).get() < 1) {
      return Optional.of("port \"" + port + "\" must be > 0");
    }
    if (type.isEmpty()) {
      return Optional.of("\"streamType\" header is required");
    }
    return type.equals(DATA) || type.equals(ERROR)
        ? Optional.empty()
        : Optional.of("invalid stream type \"" + type + "\"");
  }

  private static String type(SpdyStream stream) {
    return stream.headers().first("streamtype").orElse("");
  }

  /** Clients that name no request open the error stream first and the data stream right after. */
  private static String request(SpdyStream stream) {
    return stream
        .headers()
        .first("requestid")
        .filter(id -> !id.isEmpty())
        .orElseGet(
            () -> Integer.toString(type(stream).equals(ERROR) ? stream.id() : stream.id() - 2));
  }

  private void start(String request, Pair pair) {
    running.register();
    Thread.ofVirtual()
        .name("forward")
        .start(
            () -> {
              try {
                forward(request, pair);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } finally {
                running.arriveAndDeregister();
              }
            });
  }

  private void forward(String request, Pair pair) throws InterruptedException {
    boolean inTime = pair.settled.await(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    Optional<SpdyStream> data = pair.stream(DATA);
    Optional<SpdyStream> error = pair.stream(ERROR);
    if (data.isPresent() && error.isPresent()) {
      forward(data.get(), error.get());
      return;
    }
    incomplete.remove(request, pair);
    if (!inTime) {
      error.ifPresent(e -> tell(e, "(request=" + request + ") timed out waiting for streams"));
    }
    pair.streams.values().forEach(SpdyStream::reset);
  }

  private void forward(SpdyStream data, SpdyStream error) throws InterruptedException {
    int port = PortForward.number(data.headers().first("port").orElse("")).orElseThrow();
    try (SocketChannel channel = ports.dial(port)) {
      carry(data, error, channel);
    } catch (IOException e) {
      LOG.debug("cannot reach port {} of pod {}: {}", port, pod, e.getMessage());
      tell(error, PortForward.refusal(port, pod, e));
      data.reset();
    }
  }

  private static void carry(SpdyStream data, SpdyStream error, SocketChannel channel)
      throws InterruptedException {
    try {
      new Forwarding(data.input(), data.output(), channel).run();
      data.output().close();
      error.output().close();
    } catch (IOException e) {
      // such as a reset by the pod's process: the client's own connection is broken off likewise
      LOG.debug("a forwarded connection broke: {}", e.getMessage());
      data.reset();
      error.reset();
    }
  }

  private static void tell(SpdyStream error, String message) {
    try (OutputStream out = error.output()) {
      out.write(message.getBytes(UTF_8));
    } catch (IOException e) {
      LOG.debug("the client has left: {}", e.getMessage());
    }
  }
}
