package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import io.netty.channel.ChannelHandlerContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The raw bytes of a connection that left HTTP. */
final class Http1Upgrade implements RawStream {
  private final ServerConnection connection;
  private final ChannelHandlerContext context;
  private final RequestBody input;
  private final Outbound outbound = new Outbound(this::transmit);
  private final OutputStream output = new Output();

  Http1Upgrade(ServerConnection connection, ChannelHandlerContext context, RequestBody input) {
    this.connection = connection;
    this.context = context;
    this.input = input;
  }

  private void transmit(List<Bytes> batch, int sizeBytes, Runnable sent) {
    connection.onLoop(
        () -> context.writeAndFlush(Http1Exchange.wrap(batch)).addListener(done -> sent.run()));
  }

  @Override
  public InputStream input() {
    return input;
  }

  @Override
  public OutputStream output() {
    return output;
  }

  /** The connection has gone. */
  void lost() {
    outbound.cut();
    input.end();
  }

  @Override
  public void close() {
    outbound.finish();
    input.discard();
    connection.onLoop(context::close);
  }

  @Override
  public void closeSoon() {
    connection.onLoop(
        () -> context.executor().schedule(this::close, LINGER.toMillis(), TimeUnit.MILLISECONDS));
  }

  private final class Output extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      try {
        outbound.write(Bytes.wrap(Arrays.copyOfRange(source, offset, offset + length)));
      } catch (InterruptedException e) {
        throw interrupted();
      }
    }

    @Override
    public void flush() throws IOException {
      try {
        outbound.flush();
      } catch (InterruptedException e) {
        throw interrupted();
      }
    }

    @Override
    public void close() {
      Http1Upgrade.this.close();
    }

    private static InterruptedIOException interrupted() {
      Thread.currentThread().interrupt();
      return new InterruptedIOException("interrupted while writing to the peer");
    }
  }
}
