package dev.nacelle.node.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.http.UpgradeAnswer;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.spdy.SpdyConnection;
import dev.nacelle.base.spdy.SpdyStream;
import dev.nacelle.runtime.TerminalSize;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SpdyCommandTest {
  private static final String V4 = "v4.channel.k8s.io";

  private final BlockingQueue<HandSession> sessions = new LinkedBlockingQueue<>();
  private final BlockingQueue<HandSession> over = new LinkedBlockingQueue<>();
  private final StreamServer server = new StreamServer(this::answer);

  @AfterEach
  void stop() {
    server.close();
  }

  private void answer(HttpExchange exchange) throws Exception {
    Optional<SpdyCommandClient> client =
        SpdyCommandClient.accept(exchange, CommandOptions.of(exchange.query()));
    if (client.isPresent()) {
      HandSession session = sessions.take();
      RemoteCommand.serve(session, client.get());
      over.add(session);
    }
  }

  private static SpdyStream open(SpdyConnection connection, String type) throws IOException {
    return connection.open(Headers.of("streamtype", type));
  }

  private static String text(SpdyStream stream) throws IOException {
    return new String(stream.input().readAllBytes(), UTF_8);
  }

  @Test
  void eachStreamCarriesItsPartAndTheErrorStreamTheStatus() throws Exception {
    sessions.add(new HandSession("out", "err", 0, false));
    try (SpdyConnection connection = server.connect("output=1&error=1", V4)) {
      SpdyStream error = open(connection, "error");
      SpdyStream stdout = open(connection, "stdout");
      SpdyStream stderr = open(connection, "stderr");
      assertThat(text(stdout)).isEqualTo("out");
      assertThat(text(stderr)).isEqualTo("err");
      assertThat(text(error)).isEqualTo("{\"metadata\":{},\"status\":\"Success\"}");
    }
  }

  @Test
  void theExitCodeIsTold() throws Exception {
    sessions.add(new HandSession("", "", 42, false));
    try (SpdyConnection connection = server.connect("output=1", V4)) {
      SpdyStream error = open(connection, "error");
      open(connection, "stdout");
      JsonObject status = JsonReader.readObject(Bytes.utf8(text(error)));
      assertThat(status.string("reason")).contains("NonZeroExitCode");
      assertThat(status.array("details", "causes").objects().findFirst().orElseThrow())
          .isEqualTo(JsonObject.builder().put("reason", "ExitCode").put("message", "42").build());
    }
  }

  @Test
  void olderClientsAreToldInWords() throws Exception {
    for (String protocol : new String[] {"v3.channel.k8s.io", "v2.channel.k8s.io"}) {
      sessions.add(new HandSession("", "", 3, false));
      try (SpdyConnection connection = server.connect("output=1", protocol)) {
        SpdyStream error = open(connection, "error");
        open(connection, "stdout");
        assertThat(text(error))
            .isEqualTo("command terminated with non-zero exit code: exit status 3");
      }
    }
  }

  @Test
  void inputItsEndAndSizesReachTheProcess() throws Exception {
    var session = new HandSession("", "", 0, true);
    sessions.add(session);
    try (SpdyConnection connection = server.connect("input=1&output=1&tty=1", V4)) {
      SpdyStream error = open(connection, "error");
      SpdyStream stdin = open(connection, "stdin");
      open(connection, "stdout");
      SpdyStream resize = open(connection, "resize");
      resize.output().write("{\"Width\":80,\"Height\":24}\n{\"Wid".getBytes(UTF_8));
      resize.output().write("th\":81,\"Height\":25}\n".getBytes(UTF_8));
      while (session.sizes().size() < 2) {
        Thread.onSpinWait();
      }
      stdin.output().write("hello".getBytes(UTF_8));
      stdin.output().close();
      assertThat(text(error)).contains("Success");
      assertThat(session.input()).isEqualTo("hello");
      assertThat(session.sizes())
          .containsExactly(new TerminalSize(80, 24), new TerminalSize(81, 25));
    }
  }

  @Test
  void aClientThatLeavesEndsTheSession() throws Exception {
    sessions.add(new HandSession("", "", 0, true));
    SpdyConnection connection = server.connect("input=1", V4);
    open(connection, "error");
    open(connection, "stdin");
    connection.close();
    assertThat(over.take().isKilled()).isTrue();
  }

  @Test
  void largeTransfersThroughAProcessArriveWholeBothWays() throws Exception {
    var toProcess = new PipedOutputStream();
    var fromProcess = new PipedInputStream(toProcess, 64 << 10);
    sessions.add(new HandSession(fromProcess, toProcess));
    try (SpdyConnection connection = server.connect("input=1&output=1", V4)) {
      SpdyStream error = open(connection, "error");
      SpdyStream stdin = open(connection, "stdin");
      SpdyStream stdout = open(connection, "stdout");
      var sent = Transfers.beside(() -> Transfers.send(stdin.output(), Transfers.LARGE));
      assertThat(Transfers.receive(stdout.input())).isEqualTo(sent.get());
      assertThat(text(error)).contains("Success");
    }
  }

  @Test
  void aProcessThatEndsAmidItsInputStillReports() throws Exception {
    sessions.add(new HandSession("done", "", 7, false));
    try (SpdyConnection connection = server.connect("input=1&output=1", V4)) {
      SpdyStream error = open(connection, "error");
      SpdyStream stdin = open(connection, "stdin");
      SpdyStream stdout = open(connection, "stdout");
      var sending = Transfers.beside(() -> Transfers.send(stdin.output(), Transfers.LARGE));
      assertThat(text(stdout)).isEqualTo("done");
      assertThat(text(error)).contains("\"7\"");
      connection.close();
      assertThatThrownBy(sending::get).hasRootCauseInstanceOf(IOException.class);
    }
  }

  @Test
  void streamsThatNobodyAskedForAreReset() throws Exception {
    sessions.add(new HandSession("out", "", 0, true));
    try (SpdyConnection connection = server.connect("output=1", V4)) {
      SpdyStream strange = open(connection, "strange");
      assertThatThrownBy(() -> text(strange)).hasMessage("the stream was reset");
      open(connection, "error");
      SpdyStream again = open(connection, "error");
      assertThatThrownBy(() -> text(again)).hasMessage("the stream was reset");
      SpdyStream stdout = open(connection, "stdout");
      assertThat(stdout.input().readNBytes(3)).asString(UTF_8).isEqualTo("out");
    }
  }

  @Test
  void theFirstOfTheClientsProtocolsThatIsKnownIsAgreedOn() throws Exception {
    var answer = server.ask("output=1", "v9.channel.k8s.io, v3.channel.k8s.io,v4.channel.k8s.io");
    assertThat(answer)
        .isInstanceOfSatisfying(
            UpgradeAnswer.Switched.class,
            switched -> {
              assertThat(switched.headers().first("x-stream-protocol-version"))
                  .contains("v3.channel.k8s.io");
              switched.stream().close();
            });
  }

  @Test
  void withoutACommonProtocolThereIsNoUpgrade() throws Exception {
    try (HttpResponse refused = refused("output=1", "v9.channel.k8s.io")) {
      assertThat(refused.status()).isEqualTo(403);
      assertThat(refused.headers().all("x-accepted-stream-protocol-versions")).contains(V4);
      assertThat(refused.bytes(1 << 20).toUtf8())
          .startsWith(
              "unable to upgrade: unable to negotiate protocol: client supports"
                  + " [v9.channel.k8s.io], server accepts [v4.channel.k8s.io ");
    }
    try (HttpResponse refused = refused("output=1", "")) {
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.bytes(1 << 20).toUtf8()).contains("X-Stream-Protocol-Version is required");
    }
  }

  private HttpResponse refused(String query, String protocols) throws Exception {
    return ((UpgradeAnswer.Refused) server.ask(query, protocols)).response();
  }
}
