package dev.nacelle.node.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.http.WebSocket;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.runtime.ExecSession;
import dev.nacelle.runtime.TerminalSize;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class RemoteCommandTest {
  private final Socket socket = new Socket();

  private void run(Session session, String query) throws Exception {
    RemoteCommand.serve(session, socket, QueryParameters.parse(query));
  }

  @Test
  void outputGoesToItsChannelsAndTheStatusLast() throws Exception {
    run(new Session("out", "err", 0, false), "stdout=true&stderr=true");
    assertThat(socket.text(1)).isEqualTo("out");
    assertThat(socket.text(2)).isEqualTo("err");
    assertThat(socket.sent.getLast()[0]).isEqualTo((byte) 3);
    assertThat(socket.status().string("status")).contains("Success");
    assertThat(socket.closed).isTrue();
  }

  @Test
  void exitCodeIsTold() throws Exception {
    run(new Session("", "", 42, false), "stdout=true");
    JsonObject status = socket.status();
    assertThat(status.string("status")).contains("Failure");
    assertThat(status.string("reason")).contains("NonZeroExitCode");
    assertThat(status.string("message"))
        .contains("command terminated with non-zero exit code: exit status 42");
    JsonObject cause = status.array("details", "causes").objects().findFirst().orElseThrow();
    assertThat(cause.string("reason")).contains("ExitCode");
    assertThat(cause.string("message")).contains("42");
  }

  @Test
  void inputSizeAndEndOfInputReachTheProcess() throws Exception {
    var session = new Session("", "", 0, true);
    socket.receive((byte) 0, "hello");
    socket.receive((byte) 4, "{\"Width\":80,\"Height\":24}");
    socket.receive((byte) 4, "no size");
    socket.received.add(new WebSocket.Message.Binary(Bytes.wrap(new byte[] {(byte) 255, 0})));
    run(session, "stdin=true&stdout=true");
    assertThat(session.input.toString(StandardCharsets.UTF_8)).isEqualTo("hello");
    assertThat(session.sizes).containsExactly(new TerminalSize(80, 24));
  }

  @Test
  void clientThatLeavesEndsTheSession() throws Exception {
    var session = new Session("", "", 0, true);
    socket.received.add(new WebSocket.Message.Closed(1006, ""));
    run(session, "stdin=true&stdout=true");
    assertThat(session.killed).isTrue();
  }

  /** A process that has said all it will, and ends at once or with its input. */
  private static final class Session implements ExecSession {
    private final InputStream out;
    private final InputStream err;
    private final int code;
    private final CountDownLatch end;
    private final ByteArrayOutputStream input = new ByteArrayOutputStream();
    private final List<TerminalSize> sizes = new ArrayList<>();
    private volatile boolean killed;

    Session(String out, String err, int code, boolean untilItsInputEnds) {
      this.out = new ByteArrayInputStream(out.getBytes(StandardCharsets.UTF_8));
      this.err = new ByteArrayInputStream(err.getBytes(StandardCharsets.UTF_8));
      this.code = code;
      this.end = new CountDownLatch(untilItsInputEnds ? 1 : 0);
    }

    @Override
    public OutputStream stdin() {
      return new OutputStream() {
        @Override
        public void write(int b) {
          input.write(b);
        }

        @Override
        public void close() {
          end.countDown();
        }
      };
    }

    @Override
    public InputStream stdout() {
      return out;
    }

    @Override
    public InputStream stderr() {
      return err;
    }

    @Override
    public void resize(TerminalSize size) {
      sizes.add(size);
    }

    @Override
    public int waitForExit() throws InterruptedException {
      end.await();
      return code;
    }

    @Override
    public OptionalInt waitForExit(Duration timeout) {
      return OptionalInt.of(code);
    }

    @Override
    public void close() {
      killed = true;
      end.countDown();
    }
  }

  private static final class Socket implements WebSocket {
    private final LinkedBlockingQueue<Message> received = new LinkedBlockingQueue<>();
    private final List<byte[]> sent = new ArrayList<>();
    private boolean closed;

    void receive(byte channel, String text) {
      byte[] bytes = (" " + text).getBytes(StandardCharsets.UTF_8);
      bytes[0] = channel;
      received.add(new Message.Binary(Bytes.wrap(bytes)));
    }

    synchronized String text(int channel) {
      var result = new StringBuilder();
      for (byte[] message : sent) {
        if (message[0] == channel) {
          result.append(new String(message, 1, message.length - 1, StandardCharsets.UTF_8));
        }
      }
      return result.toString();
    }

    JsonObject status() {
      return JsonReader.readObject(Bytes.utf8(text(3)));
    }

    @Override
    public Optional<String> subprotocol() {
      return Optional.of("v5.channel.k8s.io");
    }

    @Override
    public Message receive() {
      try {
        return received.take();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Message.Closed(1006, "");
      }
    }

    @Override
    public synchronized void send(Bytes bytes) throws IOException {
      if (closed) {
        throw new IOException("closed");
      }
      sent.add(bytes.unsafeArray());
    }

    @Override
    public void send(String text) {}

    @Override
    public void ping() {}

    @Override
    public synchronized void close(int code, String reason) {
      closed = true;
    }
  }
}
