package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.bytes.ChunkInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;

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

  private final class Input extends ChunkInputStream {
    private static final byte[] END = new byte[0];

    @Override
    protected byte[] next() throws IOException {
      while (true) {
        switch (socket.receive()) {
          case WebSocket.Message.Binary(Bytes bytes) -> {
            if (!bytes.isEmpty()) {
              return bytes.unsafeArray();
            }
          }
          case WebSocket.Message.Text text ->
              throw new IOException("invalid message type received");
          case WebSocket.Message.Closed closed -> {
            return END;
          }
        }
      }
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
