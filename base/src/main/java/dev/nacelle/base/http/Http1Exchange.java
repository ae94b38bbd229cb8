package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request over HTTP/1.1. */
final class Http1Exchange extends Exchange {
  /** Bodies up to here are copied behind the head, so that one write carries all. */
  private static final int INLINE_BYTES = 16 << 10;

  private static final byte[] LINE_END = "\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Http1Connection owner;
  private final ChannelHandlerContext context;
  private final boolean keepAlive;
  private final boolean http10;
  private volatile @Nullable Http1Upgrade upgrade;

  /** Written on the loop alone. */
  private boolean chunked;

  private boolean reusable;

  /** Bytes that a streamed answer has announced and not sent; negative when it announced none. */
  private long promisedBytes = -1;

  Http1Exchange(
      ServerConnection connection,
      Http1Connection owner,
      ChannelHandlerContext context,
      String method,
      RequestTarget target,
      Headers headers,
      RequestBody body,
      boolean keepAlive,
      boolean http10) {
    super(connection, method, target, headers, body);
    this.owner = owner;
    this.context = context;
    this.keepAlive = keepAlive;
    this.http10 = http10;
  }

  @Override
  public String protocol() {
    return http10 ? "HTTP/1.0" : "HTTP/1.1";
  }

  private boolean mayReuse(Headers answer) {
    return keepAlive && !connection().isClosing() && !answer.hasToken("connection", "close");
  }

  private boolean hasNoBody(int status) {
    return status == 204 || status == 304 || status < 200;
  }

  @Override
  void sendWhole(int status, Headers answer, Bytes content) {
    if (!owner.isCurrent(this)) {
      return;
    }
    reusable = mayReuse(answer);
    boolean withBody = !hasNoBody(status) && !method().equals("HEAD");
    int size = content.sizeBytes();
    boolean inline = withBody && size <= INLINE_BYTES;
    ByteBuf out = context.alloc().ioBuffer(512 + (inline ? size : 0));
    Http1Head.Framing framing =
        hasNoBody(status) ? Http1Head.BARE_FRAMING : new Http1Head.Framing.Length(size);
    Http1Head.encode(out, status, answer, framing, !reusable && !namesConnection(answer));
    if (inline) {
      out.writeBytes(content.unsafeArray());
    }
    if (withBody && !inline) {
      context.write(out, context.voidPromise());
      out = Unpooled.wrappedBuffer(content.unsafeArray());
    }
    context.writeAndFlush(out, context.voidPromise());
    owner.answered(context, this, reusable);
  }

  private static boolean namesConnection(Headers answer) {
    return answer.contains("connection");
  }

  @Override
  void sendHead(int status, Headers answer) {
    if (!owner.isCurrent(this)) {
      return;
    }
    boolean withBody = !hasNoBody(status) && !method().equals("HEAD");
    long length = hasNoBody(status) ? -1 : announced(answer);
    promisedBytes = withBody ? length : -1;
    chunked = withBody && length < 0 && !http10;
    reusable = mayReuse(answer) && (chunked || length >= 0 || !withBody);
    ByteBuf out = context.alloc().ioBuffer(512);
    Http1Head.Framing framing =
        length >= 0
            ? new Http1Head.Framing.Length(length)
            : chunked ? Http1Head.CHUNKED_FRAMING : Http1Head.BARE_FRAMING;
    Http1Head.encode(out, status, answer, framing, !reusable && !namesConnection(answer));
    context.write(out, context.voidPromise());
  }

  private static long announced(Headers answer) {
    String length = answer.first("content-length").orElse("");
    return length.matches("\\d{1,18}") ? Long.parseLong(length) : -1;
  }

  @Override
  void sendPart(List<Bytes> parts, int sizeBytes, Runnable sent) {
    if (!owner.isCurrent(this)) {
      sent.run();
      return;
    }
    if (sizeBytes == 0 || method().equals("HEAD")) {
      context.flush();
      sent.run();
      return;
    }
    if (!keepsPromise(sizeBytes)) {
      sent.run();
      return;
    }
    ByteBuf small = context.alloc().ioBuffer(sizeBytes <= INLINE_BYTES ? sizeBytes + 16 : 16);
    if (chunked) {
      ByteBufUtil.writeAscii(small, Integer.toHexString(sizeBytes));
      small.writeBytes(LINE_END);
    }
    if (sizeBytes <= INLINE_BYTES) {
      parts.forEach(part -> small.writeBytes(part.unsafeArray()));
      if (chunked) {
        small.writeBytes(LINE_END);
      }
      context.writeAndFlush(small).addListener(done -> sent.run());
      return;
    }
    context.write(small, context.voidPromise());
    writeBody(wrap(parts), sent);
  }

  private void writeBody(ByteBuf content, Runnable sent) {
    ByteBuf last = content;
    if (chunked) {
      context.write(content, context.voidPromise());
      last = Unpooled.wrappedBuffer(LINE_END);
    }
    context.writeAndFlush(last).addListener(done -> sent.run());
  }

  @Override
  void sendBuffer(ByteBuf content, Runnable sent) {
    int sizeBytes = content.readableBytes();
    if (!owner.isCurrent(this) || method().equals("HEAD") || !keepsPromise(sizeBytes)) {
      content.release();
      sent.run();
      return;
    }
    if (chunked) {
      ByteBuf size = context.alloc().ioBuffer(16);
      ByteBufUtil.writeAscii(size, Integer.toHexString(sizeBytes));
      size.writeBytes(LINE_END);
      context.write(size, context.voidPromise());
    }
    writeBody(content, sent);
  }

  /** Counts what is sent against the announced length; cuts the answer where it is too much. */
  private boolean keepsPromise(int sizeBytes) {
    if (promisedBytes >= 0) {
      promisedBytes -= sizeBytes;
      if (promisedBytes < 0) {
        cut();
        return false;
      }
    }
    return true;
  }

  static ByteBuf wrap(List<Bytes> parts) {
    if (parts.size() == 1) {
      return Unpooled.wrappedBuffer(parts.getFirst().unsafeArray());
    }
    byte[][] arrays = new byte[parts.size()][];
    for (int i = 0; i < arrays.length; i++) {
      arrays[i] = parts.get(i).unsafeArray();
    }
    return Unpooled.wrappedBuffer(arrays);
  }

  @Override
  void sendEnd() {
    if (!owner.isCurrent(this)) {
      return;
    }
    if (promisedBytes > 0) {
      cut();
      return;
    }
    if (chunked) {
      context.writeAndFlush(Unpooled.wrappedBuffer(LAST_CHUNK), context.voidPromise());
    } else {
      context.flush();
    }
    owner.answered(context, this, reusable);
  }

  @Override
  void cut() {
    if (owner.isCurrent(this)) {
      context.close();
    }
  }

  @Override
  void handlerReturned() {
    Http1Upgrade stream = upgrade;
    if (stream != null) {
      stream.close();
    }
  }

  /** The connection has gone; on the loop. */
  void connectionLost() {
    Http1Upgrade stream = upgrade;
    if (stream != null) {
      stream.lost();
    }
    closed();
  }

  @Override
  public boolean isWebSocketUpgrade() {
    return method().equals("GET")
        && headers().hasToken("connection", "upgrade")
        && headers().hasToken("upgrade", "websocket")
        && headers().contains("sec-websocket-key");
  }

  @Override
  public WebSocket acceptWebSocket(List<String> subprotocols, int maxFrameBytes)
      throws UpgradeRefusedException {
    if (!isWebSocketUpgrade()) {
      throw refuse("the request is no WebSocket handshake");
    }
    if (!headers().first("sec-websocket-version").orElse("").equals("13")) {
      throw refuse("only version 13 of the WebSocket protocol is spoken here");
    }
    var offered = new ArrayList<String>();
    for (String value : headers().all("sec-websocket-protocol")) {
      for (String name : value.split(",", -1)) {
        offered.add(name.strip());
      }
    }
    String chosen = offered.stream().filter(subprotocols::contains).findFirst().orElse("");
    if (chosen.isEmpty() && !offered.isEmpty()) {
      throw refuse("no common WebSocket subprotocol; known: " + String.join(", ", subprotocols));
    }
    var answer =
        Headers.builder()
            .add(
                "sec-websocket-accept",
                WebSocketKeys.accept(headers().first("sec-websocket-key").orElse("")));
    if (!chosen.isEmpty()) {
      answer.add("sec-websocket-protocol", chosen);
    }
    RawStream stream = upgrade("websocket", answer.build());
    return FramedWebSocket.ofServer(stream, chosen, maxFrameBytes);
  }

  @Override
  public RawStream upgrade(String protocol, Headers answer) throws UpgradeRefusedException {
    if (http10
        || !headers().hasToken("connection", "upgrade")
        || !headers().hasToken("upgrade", protocol)) {
      throw refuse("the request does not ask for an upgrade to " + protocol);
    }
    claimAnswer();
    var input = new RequestBody(owner, Duration.ZERO, -1);
    var stream = new Http1Upgrade(connection(), context, input);
    upgrade = stream;
    Headers all = answer.toBuilder().set("connection", "Upgrade").set("upgrade", protocol).build();
    onLoop(
        () -> {
          if (!owner.isCurrent(this)) {
            stream.lost();
            return;
          }
          owner.upgraded(context, input);
          ByteBuf out = context.alloc().ioBuffer(512);
          Http1Head.encode(out, 101, all, Http1Head.BARE_FRAMING, false);
          context.writeAndFlush(out, context.voidPromise());
        });
    return stream;
  }

  private UpgradeRefusedException refuse(String why) {
    respond(400, Headers.contentType("text/plain; charset=utf-8"), Bytes.utf8(why + "\n"));
    return new UpgradeRefusedException(400, why);
  }
}
