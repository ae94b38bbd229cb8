package dev.nacelle.node.stream;

import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.spdy.SpdyConnection;
import dev.nacelle.base.spdy.SpdyStream;
import dev.nacelle.runtime.ProcessStreams;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client with a SPDY connection, and a stream each for {@code error}, {@code stdin}, {@code
 * stdout}, {@code stderr} and {@code resize}, as the header {@code streamType} says.
 */
final class SpdyCommandClient implements CommandClient {
  private static final Logger LOG = LoggerFactory.getLogger(SpdyCommandClient.class);
  private static final String V4 = "v4.channel.k8s.io";
  private static final String V3 = "v3.channel.k8s.io";
  private static final List<String> PROTOCOLS =
      List.of(V4, V3, "v2.channel.k8s.io", "channel.k8s.io");
  private static final Set<String> TYPES = Set.of("error", "stdin", "stdout", "stderr", "resize");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final SpdyUpgrade upgrade;
  private final Map<String, SpdyStream> streams;

  private SpdyCommandClient(SpdyUpgrade upgrade, Map<String, SpdyStream> streams) {
    this.upgrade = upgrade;
    this.streams = Map.copyOf(streams);
  }

  /**
   * Waits until the client has opened all the streams that it announced.
   *
   * @return empty if it did not, or the protocol is not known here; it has been told
   */
  static Optional<SpdyCommandClient> accept(HttpExchange exchange, CommandOptions options)
      throws IOException, InterruptedException {
    Optional<SpdyUpgrade> upgrade = SpdyUpgrade.accept(exchange, PROTOCOLS);
    return upgrade.isPresent() ? of(upgrade.get(), options) : Optional.empty();
  }

  private static Optional<SpdyCommandClient> of(SpdyUpgrade upgrade, CommandOptions options)
      throws IOException, InterruptedException {
    boolean resizes = List.of(V4, V3).contains(upgrade.protocol());
    int expected =
        1
            + (options.stdin() ? 1 : 0)
            + (options.stdout() ? 1 : 0)
            + (options.stderr() ? 1 : 0)
            + (options.tty() && resizes ? 1 : 0);
    var streams = new HashMap<String, SpdyStream>();
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (streams.size() < expected) {
      Optional<SpdyStream> next =
          upgrade.connection().accept(Duration.ofNanos(end - System.nanoTime()));
      if (next.isEmpty()) {
        LOG.debug("timed out waiting for client to create streams");
        upgrade.connection().close();
        return Optional.empty();
      }
      take(next.get(), streams);
    }
    return Optional.of(new SpdyCommandClient(upgrade, streams));
  }

  private static void take(SpdyStream stream, Map<String, SpdyStream> streams) throws IOException {
    String type = stream.headers().first("streamtype").orElse("");
    if (!TYPES.contains(type) || streams.containsKey(type)) {
      LOG.debug("unexpected stream type: \"{}\"", type);
      stream.reset();
      return;
    }
    stream.reply();
    if (!type.equals("stdin") && !type.equals("resize")) {
      stream.input().close();
    }
    streams.put(type, stream);
  }

  private Optional<SpdyStream> stream(String type) {
    return Optional.ofNullable(streams.get(type));
  }

  @Override
  public OutputStream stdout() {
    return stream("stdout").map(SpdyStream::output).orElseGet(OutputStream::nullOutputStream);
  }

  @Override
  public OutputStream stderr() {
    return stream("stderr").map(SpdyStream::output).orElseGet(OutputStream::nullOutputStream);
  }

  @Override
  public void carryInput(ProcessStreams process) {
    stream("stdin")
        .ifPresent(s -> Thread.ofVirtual().name("stdin").start(() -> carryStdin(s, process)));
    stream("resize")
        .ifPresent(s -> Thread.ofVirtual().name("resize").start(() -> carrySizes(s, process)));
    awaitEnd(upgrade.connection());
  }

  private static void awaitEnd(SpdyConnection connection) {
    try {
      for (Optional<SpdyStream> more = connection.accept();
          more.isPresent();
          more = connection.accept()) {
        more.get().reset();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void carryStdin(SpdyStream stream, ProcessStreams process) {
    byte[] chunk = new byte[RemoteCommand.CHUNK];
    try (var in = stream.input()) {
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        process.stdin().write(chunk, 0, count);
        process.stdin().flush();
      }
      process.stdin().close();
    } catch (IOException e) {
      LOG.debug("input ends: {}", e.getMessage());
    }
  }

  private static void carrySizes(SpdyStream stream, ProcessStreams process) {
    try (var in = stream.input()) {
      TerminalSizes.read(in, process::resize);
    } catch (IOException e) {
      LOG.debug("sizes end: {}", e.getMessage());
    }
  }

  @Override
  public void finish(JsonObject status) {
    try (SpdyConnection connection = upgrade.connection()) {
      stdout().close();
      stderr().close();
      Optional<SpdyStream> error = stream("error");
      if (error.isPresent()) {
        error.get().output().write(text(status));
        error.get().output().close();
      }
    } catch (IOException e) {
      LOG.debug("the client has left: {}", e.getMessage());
    }
  }

  private byte[] text(JsonObject status) {
    if (upgrade.protocol().equals(V4)) {
      return JsonWriter.write(status).unsafeArray();
    }
    String message = CommandStatus.isSuccess(status) ? "" : CommandStatus.message(status);
    return message.getBytes(StandardCharsets.UTF_8);
  }
}
