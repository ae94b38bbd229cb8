package dev.nacelle.base.http;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Optional;

/** An open connection of a client. Closing it from any thread wakes those blocked in it. */
final class ClientConnection implements Closeable {
  private final Closeable lowest;
  private final Optional<Socket> socket;
  private final InputStream input;
  private final OutputStream output;
  private long quietSinceNanos;
  private boolean used;

  private ClientConnection(
      Closeable lowest, Optional<Socket> socket, InputStream input, OutputStream output) {
    this.lowest = lowest;
    this.socket = socket;
    this.input = new BufferedInputStream(input, 16 << 10);
    this.output = new BufferedOutputStream(output, 16 << 10);
  }

  /**
   * @param top the TLS layer, or {@code lowest} itself
   */
  static ClientConnection of(Socket lowest, Socket top) throws IOException {
    return new ClientConnection(
        lowest, Optional.of(top), top.getInputStream(), top.getOutputStream());
  }

  static ClientConnection of(SocketChannel channel) {
    return new ClientConnection(
        channel,
        Optional.empty(),
        Channels.newInputStream(channel),
        Channels.newOutputStream(channel));
  }

  InputStream input() {
    return input;
  }

  OutputStream output() {
    return output;
  }

  /** Bounds the wait for each read; not known to unix domain sockets. */
  void readTimeout(Duration timeout) throws SocketException {
    if (socket.isPresent()) {
      socket.get().setSoTimeout((int) Math.min(Integer.MAX_VALUE, timeout.toMillis()));
    }
  }

  /** Goes back to the pool. */
  void rest() {
    used = true;
    quietSinceNanos = System.nanoTime();
  }

  /** True when it served a request before, so that its peer may have ended it meanwhile. */
  boolean isUsed() {
    return used;
  }

  boolean restedFor(Duration atLeast) {
    return System.nanoTime() - quietSinceNanos > atLeast.toNanos();
  }

  @Override
  public void close() {
    try {
      lowest.close();
    } catch (IOException e) {
      // the kernel has let go of it all the same
    }
  }
}
