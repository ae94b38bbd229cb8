package dev.nacelle.base.spdy;

import dev.nacelle.base.http.DuplexStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** The two ends of one TCP connection on loopback. */
record SocketPair(DuplexStream client, DuplexStream server) {
  static SocketPair open() {
    try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var client = new Socket(listener.getInetAddress(), listener.getLocalPort());
      return new SocketPair(new End(client), new End(listener.accept()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record End(Socket socket) implements DuplexStream {
    @Override
    public InputStream input() {
      try {
        return socket.getInputStream();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public OutputStream output() {
      try {
        return socket.getOutputStream();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      try {
        socket.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
