package dev.nacelle.base.spdy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.http.Headers;
import io.netty.handler.codec.spdy.DefaultSpdyPingFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyFrame;
import io.netty.handler.codec.spdy.SpdyGoAwayFrame;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SpdyConnectionTest {
  private static final int LARGE = 50 << 20;
  private static final Headers HEADERS = Headers.of("streamtype", "data");

  private final SocketPair sockets = SocketPair.open();
  private final List<AutoCloseable> opened =
      new ArrayList<>(List.of(sockets.client(), sockets.server()));

  @AfterEach
  void end() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
  }

  private SpdyConnection server() {
    SpdyConnection server = SpdyConnection.ofServer(sockets.server());
    opened.addFirst(server);
    return server;
  }

  private SpdyConnection client() {
    SpdyConnection client = SpdyConnection.ofClient(sockets.client());
    opened.addFirst(client);
    return client;
  }

  /** A client that says what no client should. */
  private Frames rawClient() {
    return new Frames(sockets.client().input(), sockets.client().output());
  }

  private static SpdyFrame syn(int id) {
    var frame = new DefaultSpdySynStreamFrame(id, 0, (byte) 0);
    frame.headers().add("streamtype", "data");
    return frame;
  }

  private static SpdyStream accepted(SpdyConnection connection) throws Exception {
    SpdyStream stream = connection.accept().orElseThrow();
    stream.reply();
    return stream;
  }

  private static <T> FutureTask<T> beside(Callable<T> work) {
    var task = new FutureTask<>(work);
    Thread.ofVirtual().start(task);
    return task;
  }

  private static void write(SpdyStream stream, String text) throws IOException {
    stream.output().write(text.getBytes(UTF_8));
  }

  private static String read(SpdyStream stream) throws IOException {
    return new String(stream.input().readAllBytes(), UTF_8);
  }

  @Test
  void headersAndBytesPassBothWays() throws Exception {
    SpdyConnection server = server();
    SpdyStream ours = client().open(Headers.of("streamType", "data", "port", "80"));
    SpdyStream theirs = accepted(server);
    assertThat(theirs.id()).isEqualTo(1);
    assertThat(theirs.headers().first("streamtype")).contains("data");
    assertThat(theirs.headers().first("port")).contains("80");
    write(ours, "question");
    assertThat(theirs.input().readNBytes(8)).asString(UTF_8).isEqualTo("question");
    write(theirs, "answer");
    assertThat(ours.input().readNBytes(6)).asString(UTF_8).isEqualTo("answer");
  }

  @Test
  void eitherSideEndsByItself() throws Exception {
    SpdyConnection server = server();
    SpdyStream ours = client().open(HEADERS);
    SpdyStream theirs = accepted(server);
    write(ours, "all of it");
    ours.output().close();
    assertThat(read(theirs)).isEqualTo("all of it");
    write(theirs, "and ");
    write(theirs, "an answer");
    theirs.output().close();
    assertThat(read(ours)).isEqualTo("and an answer");
    assertThatThrownBy(() -> write(ours, "more")).hasMessage("the stream is closed");
  }

  @Test
  void aResetEndsBothSidesOfOneStreamAlone() throws Exception {
    SpdyConnection server = server();
    SpdyConnection client = client();
    SpdyStream ours = client.open(HEADERS);
    SpdyStream theirs = accepted(server);
    SpdyStream other = client.open(HEADERS);
    SpdyStream theirOther = accepted(server);
    ours.reset();
    assertThatThrownBy(() -> theirs.input().read()).hasMessage("the stream was reset");
    assertThatThrownBy(() -> write(theirs, "x")).hasMessage("the stream was reset");
    assertThatThrownBy(() -> ours.input().read()).hasMessage("the stream was reset");
    write(other, "still here");
    other.output().close();
    assertThat(read(theirOther)).isEqualTo("still here");
  }

  @Test
  void whatArrivedBeforeAResetCanBeRead() throws Exception {
    SpdyConnection server = server();
    SpdyStream ours = client().open(HEADERS);
    SpdyStream theirs = accepted(server);
    write(theirs, "all");
    theirs.reset();
    assertThat(ours.input().readNBytes(3)).asString(UTF_8).isEqualTo("all");
    assertThatThrownBy(() -> ours.input().read()).hasMessage("the stream was reset");
  }

  @Test
  void aStreamThatIsNotTakenIsReset() throws Exception {
    SpdyConnection server = server();
    SpdyStream ours = client().open(HEADERS);
    server.accept().orElseThrow().reset();
    assertThatThrownBy(() -> ours.input().read()).hasMessage("the stream was reset");
  }

  @Test
  void largeTransfersBothWaysArriveWholeWhileOthersGoOn() throws Exception {
    SpdyConnection server = server();
    SpdyConnection client = client();
    SpdyStream ours = client.open(HEADERS);
    SpdyStream theirs = accepted(server);
    var sent = beside(() -> send(ours, 1));
    var sentBack = beside(() -> send(theirs, 2));
    var received = beside(() -> receive(theirs));
    var receivedBack = beside(() -> receive(ours));
    for (int i = 0; i < 100; i++) {
      SpdyStream small = client.open(HEADERS);
      SpdyStream taken = accepted(server);
      write(small, "small " + i);
      small.output().close();
      assertThat(read(taken)).isEqualTo("small " + i);
      taken.output().close();
      assertThat(read(small)).isEmpty();
    }
    assertThat(received.get()).isEqualTo(sent.get());
    assertThat(receivedBack.get()).isEqualTo(sentBack.get());
  }

  private static String send(SpdyStream stream, long seed) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    var random = new Random(seed);
    byte[] part = new byte[40_000];
    try (OutputStream out = stream.output()) {
      for (int left = LARGE; left > 0; ) {
        random.nextBytes(part);
        int count = Math.min(left, part.length);
        digest.update(part, 0, count);
        out.write(part, 0, count);
        left -= count;
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String receive(SpdyStream stream) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    byte[] part = new byte[10_000];
    try (InputStream in = stream.input()) {
      for (int count = in.read(part); count >= 0; count = in.read(part)) {
        digest.update(part, 0, count);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  @Test
  void aWriterWaitsForASlowReaderAndItsBytesDoNotPileUp() throws Exception {
    SpdyConnection server = server();
    SpdyStream ours = client().open(HEADERS);
    SpdyStream theirs = accepted(server);
    var sent = beside(() -> send(ours, 3));
    while (server.waitingBytes() <= SpdyStream.MAX_WAITING) {
      Thread.onSpinWait();
    }
    assertThat(sent.isDone()).isFalse();
    assertThat(server.waitingBytes()).isLessThanOrEqualTo(SpdyStream.MAX_WAITING + 32_768);
    assertThat(receive(theirs)).isEqualTo(sent.get());
    assertThat(server.waitingBytes()).isZero();
  }

  @Test
  void whatNobodyWillReadIsDroppedOnceItsInputIsClosed() throws Exception {
    SpdyConnection server = server();
    SpdyConnection client = client();
    SpdyStream ours = client.open(HEADERS);
    SpdyStream theirs = accepted(server);
    var sent = beside(() -> send(ours, 4));
    theirs.input().close();
    sent.get();
    SpdyStream other = client.open(HEADERS);
    write(other, "through");
    assertThat(accepted(server).input().readNBytes(7)).asString(UTF_8).isEqualTo("through");
  }

  @Test
  void whatWasSentBeforeTheCloseArrives() throws Exception {
    SpdyConnection server = server();
    SpdyStream ours = client().open(HEADERS);
    SpdyStream theirs = accepted(server);
    // unread bytes at the closing end must not cost the other what was sent to it
    write(ours, "never read");
    write(theirs, "last words");
    theirs.output().close();
    var closed = beside(() -> closed(server));
    assertThat(read(ours)).isEqualTo("last words");
    sockets.client().close();
    closed.get();
  }

  private static boolean closed(SpdyConnection connection) {
    connection.close();
    return true;
  }

  @Test
  void aPeerThatReadsNothingDoesNotHoldUpTheClose() throws Exception {
    SpdyConnection server = server();
    Frames raw = rawClient();
    raw.write(syn(1));
    SpdyStream theirs = accepted(server);
    var sent = beside(() -> send(theirs, 5));
    server.close();
    assertThatThrownBy(sent::get).hasCauseInstanceOf(IOException.class);
    assertThat(server.accept()).isEmpty();
  }

  @Test
  void theEndOfTheConnectionEndsItsStreams() throws Exception {
    SpdyConnection server = server();
    SpdyConnection client = client();
    SpdyStream ours = client.open(HEADERS);
    SpdyStream theirs = accepted(server);
    write(ours, "cut");
    sockets.client().close();
    assertThat(theirs.input().readNBytes(3)).asString(UTF_8).isEqualTo("cut");
    assertThatThrownBy(() -> theirs.input().read()).hasMessage("the stream was reset");
    assertThat(server.accept()).isEmpty();
    assertThatThrownBy(() -> client.open(HEADERS)).isInstanceOf(IOException.class);
  }

  @Test
  void pingsAreAnswered() throws Exception {
    server();
    Frames raw = rawClient();
    raw.write(new DefaultSpdyPingFrame(7));
    assertThat(raw.next().orElseThrow())
        .isInstanceOfSatisfying(SpdyPingFrame.class, ping -> assertThat(ping.id()).isEqualTo(7));
  }

  @Test
  void idsMustRiseAndBeOfTheClient() throws Exception {
    SpdyConnection server = server();
    Frames raw = rawClient();
    raw.write(syn(3));
    for (int id : new int[] {3, 1, 4}) {
      raw.write(syn(id));
      assertThat(status(raw.next().orElseThrow())).isEqualTo(SpdyStreamStatus.PROTOCOL_ERROR);
    }
    assertThat(server.accept().orElseThrow().id()).isEqualTo(3);
    assertThat(server.accept(Duration.ofMillis(1))).isEmpty();
  }

  private static SpdyStreamStatus status(SpdyFrame frame) {
    return ((SpdyRstStreamFrame) frame).status();
  }

  @Test
  void aStreamWithoutHeadersIsRefused() throws Exception {
    server();
    Frames raw = rawClient();
    raw.write(new DefaultSpdySynStreamFrame(1, 0, (byte) 0));
    assertThat(status(raw.next().orElseThrow())).isEqualTo(SpdyStreamStatus.PROTOCOL_ERROR);
  }

  @Test
  void tooManyStreamsAreRefused() throws Exception {
    server();
    Frames raw = rawClient();
    for (int i = 0; i < SpdyConnection.MAX_STREAMS; i++) {
      raw.write(syn(2 * i + 1));
    }
    raw.write(syn(2 * SpdyConnection.MAX_STREAMS + 1));
    assertThat(status(raw.next().orElseThrow())).isEqualTo(SpdyStreamStatus.REFUSED_STREAM);
  }

  @Test
  void bytesThatAreNoFramesEndTheConnection() throws Exception {
    SpdyConnection server = server();
    sockets.client().output().write(new byte[] {(byte) 0x80, 2, 0, 1, 0, 0, 0, 0});
    sockets.client().output().flush();
    assertThat(server.accept()).isEmpty();
  }

  @Test
  void thePeerHearsOfTheClose() throws Exception {
    SpdyConnection server = server();
    Frames raw = rawClient();
    raw.write(syn(1));
    assertThat(server.accept()).isPresent();
    var closed = beside(() -> closed(server));
    assertThat(status(raw.next().orElseThrow())).isEqualTo(SpdyStreamStatus.CANCEL);
    assertThat(raw.next().orElseThrow()).isInstanceOf(SpdyGoAwayFrame.class);
    sockets.client().close();
    closed.get();
  }
}
