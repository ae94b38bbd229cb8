package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;

/** Bytes both ways in the binary messages of a WebSocket: each flush is a message. */
final class WebSocketStream implements DuplexStream {
  private static final int MESSAGE_BYTES = 32 << 10;

  private final WebSocket socket;
  private final InputStream input = new Input();
  private final OutputStream output = new BufferedOutputStream(new Output(), MESSAGE_BYTES);

  WebSocketStream(WebSocket socket) {
    this.socket = socket;
  }

  @Override
  public InputStream input() {
    return input;
  }

  @Override
  public OutputStream output() {
    return output;
  }

  @Override
  public void close() {
    socket.close();
  }

  private final class Input extends InputStream {
    private byte[] current = new byte[0];
    private int position;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, target.length);
      if (length == 0) {
        return 0;
      }
      while (position == current.length) {
        switch (socket.receive()) {
          case WebSocket.Message.Binary(Bytes bytes) -> {
            current = bytes.unsafeArray();
            position = 0;
          }
          case WebSocket.Message.Text text ->
              throw new IOException("invalid message type received");
          case WebSocket.Message.Closed closed -> {
            return -1;
          }
        }
      }
      int count = Math.min(length, current.length - position);
      System.arraycopy(current, position, target, offset, count);
      position += count;
      return count;
    }
  }

  private final class Output extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
      socket.send(Bytes.wrap(Arrays.copyOfRange(source, offset, offset + length)));
    }
  }
}
