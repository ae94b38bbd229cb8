package dev.nacelle.base.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/**
 * Stands before TLS: says to a client that speaks plain HTTP what is wrong, in the words of Go's
 * server, and leaves with the first bytes of a handshake.
 */
final class PlainRequests extends ByteToMessageDecoder {
  private static final int HANDSHAKE = 22;
  private static final int LOOK_BYTES = 5;
  private static final Set<String> BEGINNINGS =
      Set.of("GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "PATCH", "DELET");
  private static final byte[] ANSWER =
      "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
          .getBytes(StandardCharsets.US_ASCII);

  private boolean answered;

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (answered) {
      in.skipBytes(in.readableBytes());
      return;
    }
    if (in.getUnsignedByte(in.readerIndex()) == HANDSHAKE) {
      ctx.pipeline().remove(this);
      return;
    }
    if (in.readableBytes() < LOOK_BYTES) {
      return;
    }
    String beginning = in.toString(in.readerIndex(), LOOK_BYTES, StandardCharsets.US_ASCII);
    if (!BEGINNINGS.contains(beginning)) {
      ctx.pipeline().remove(this);
      return;
    }
    answered = true;
    in.skipBytes(in.readableBytes());
    ctx.writeAndFlush(Unpooled.wrappedBuffer(ANSWER)).addListener(ChannelFutureListener.CLOSE);
  }
}
