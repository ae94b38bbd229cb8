package dev.nacelle.base.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.util.Optional;
import javax.net.ssl.SSLSocket;

/** HTTP/2 frame by frame: RFC 9113. One stream at a time. */
final class RawHttp2 implements AutoCloseable {
  static final int END_STREAM = 1;

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int ACK = 1;
  private static final int END_HEADERS = 4;

  private final SSLSocket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private int stream = -1;

  private RawHttp2(SSLSocket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(socket.getInputStream());
    this.out = socket.getOutputStream();
  }

  static RawHttp2 connect(int port) throws IOException {
    var socket =
        (SSLSocket)
            TestServer.sslContext(Optional.empty())
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), port);
    var parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    socket.setSSLParameters(parameters);
    socket.setSoTimeout(30_000);
    var client = new RawHttp2(socket);
    client.out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
    client.send(SETTINGS, 0, 0, new byte[0]);
    return client;
  }

  /** The head of a POST of so many bytes to {@code /}, on a new stream. */
  void beginPost(int lengthBytes) throws IOException {
    stream += 2;
    byte[] length = Integer.toString(lengthBytes).getBytes(US_ASCII);
    var block = new ByteArrayOutputStream();
    // of the static table of RFC 7541: POST, https, /, and content-length as a literal
    block.writeBytes(new byte[] {(byte) 0x83, (byte) 0x87, (byte) 0x84, 0x0f, 0x0d});
    block.write(length.length);
    block.writeBytes(length);
    send(HEADERS, END_HEADERS, stream, block.toByteArray());
  }

  void data(byte[] bytes, int flags) throws IOException {
    send(DATA, flags, stream, bytes);
  }

  void ping() throws IOException {
    send(PING, 0, 0, new byte[8]);
  }

  private void send(int type, int flags, int streamId, byte[] payload) throws IOException {
    var frame = new ByteArrayOutputStream();
    frame.write(payload.length >> 16);
    frame.write(payload.length >> 8);
    frame.write(payload.length);
    frame.write(type);
    frame.write(flags);
    frame.writeBytes(new byte[] {0, 0, 0, (byte) streamId});
    frame.writeBytes(payload);
    out.write(frame.toByteArray());
    out.flush();
  }

  /** The next frame that answers a request or a ping; the others are passed over. */
  String nextOfStream() throws IOException {
    while (true) {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      in.readInt();
      byte[] payload = in.readNBytes(length);
      switch (type) {
        case DATA -> {
          return (flags & END_STREAM) != 0 ? "DATA, END_STREAM" : "DATA";
        }
        case HEADERS -> {
          return "HEADERS";
        }
        case RST_STREAM -> {
          return "RST_STREAM " + payload[3];
        }
        case PING -> {
          return "PING";
        }
        case SETTINGS -> {
          if ((flags & ACK) == 0) {
            send(SETTINGS, ACK, 0, new byte[0]);
          }
        }
        default -> {}
      }
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
