package dev.nacelle.testkit.e2e;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Somebody who calls an HTTP server of a Service again and again, each time by a new connection,
 * and notes every call that failed.
 */
final class SteadyCaller implements AutoCloseable {
  private static final Duration PACE = Duration.ofMillis(20);
  private static final int PATIENCE_MILLIS = 10_000;
  private static final int MOST_FAILURES = 100;
  private static final byte[] REQUEST =
      "GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final InetSocketAddress server;
  private final List<String> failures = new ArrayList<>();
  private final Thread thread;
  private volatile boolean asked;
  private final AtomicInteger answered = new AtomicInteger();

  SteadyCaller(String address, int port) {
    this.server = new InetSocketAddress(address, port);
    this.thread = Thread.ofVirtual().name("calls " + server).start(this::run);
  }

  private void run() {
    try {
      while (!asked) {
        call();
        Thread.sleep(PACE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void call() {
    try (var socket = new Socket()) {
      socket.connect(server, PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.getOutputStream().write(REQUEST);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      if (answer.contains(" 200 OK")) {
        answered.incrementAndGet();
      } else {
        failed("answer '" + answer + "'");
      }
    } catch (IOException e) {
      failed(e.toString());
    }
  }

  private void failed(String why) {
    synchronized (failures) {
      if (failures.size() < MOST_FAILURES) {
        failures.add(Instant.now() + " after " + answered + " answers: " + why);
      }
    }
  }

  int answered() {
    return answered.get();
  }

  /** A line for each call that failed. */
  List<String> failures() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  @Override
  public void close() throws InterruptedException {
    asked = true;
    thread.join(Duration.ofMillis(3L * PATIENCE_MILLIS));
  }
}
