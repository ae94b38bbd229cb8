package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** The streamed answer of an exchange. */
final class StreamingAnswer implements ResponseStream {
  private final Exchange exchange;
  private final int status;
  private final Headers headers;
  private final AtomicBoolean headSent = new AtomicBoolean();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Outbound outbound = new Outbound(this::transmit);

  StreamingAnswer(Exchange exchange, int status, Headers headers) {
    this.exchange = exchange;
    this.status = status;
    this.headers = headers;
  }

  private void transmit(List<Bytes> batch, int sizeBytes, Runnable sent) {
    boolean head = headSent.compareAndSet(false, true);
    exchange.onLoop(
        () -> {
          if (head) {
            exchange.sendHead(status, headers);
          }
          exchange.sendPart(batch, sizeBytes, sent);
        });
  }

  private void transmitHead() {
    if (headSent.compareAndSet(false, true)) {
      exchange.onLoop(
          () -> {
            exchange.sendHead(status, headers);
            exchange.sendPart(List.of(), 0, () -> {});
          });
    }
  }

  @Override
  public void write(Bytes bytes) throws IOException, InterruptedException {
    outbound.write(bytes);
  }

  @Override
  public void writeFile(FileChannel file, long offset, long sizeBytes)
      throws IOException, InterruptedException {
    flush();
    for (long done = 0; done < sizeBytes; ) {
      ByteBuf piece = exchange.pieceOf(file, offset + done, sizeBytes - done);
      done += piece.readableBytes();
      outbound.write(
          piece, (buffer, sent) -> exchange.onLoop(() -> exchange.sendBuffer(buffer, sent)));
    }
  }

  @Override
  public void flush() throws IOException, InterruptedException {
    outbound.flush();
    transmitHead();
  }

  @Override
  public boolean isClosed() {
    return outbound.isClosed();
  }

  @Override
  public void onClose(Runnable action) {
    exchange.onClose(action);
  }

  @Override
  public void close() {
    if (ended.compareAndSet(false, true)) {
      boolean open = !outbound.isClosed();
      outbound.finish();
      if (open) {
        boolean head = headSent.compareAndSet(false, true);
        exchange.onLoop(
            () -> {
              if (head) {
                exchange.sendHead(status, headers);
              }
              exchange.sendEnd();
            });
      }
    }
  }

  @Override
  public void abort() {
    if (ended.compareAndSet(false, true)) {
      outbound.cut();
      exchange.onLoop(exchange::cut);
    }
  }

  /** The client has gone. */
  void cutOff() {
    outbound.cut();
  }
}
