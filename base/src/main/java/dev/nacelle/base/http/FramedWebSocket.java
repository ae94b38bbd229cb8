package dev.nacelle.base.http;

import dev.nacelle.base.bytes.Bytes;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** RFC 6455 frames over a duplex stream, for either side. */
final class FramedWebSocket implements WebSocket {
  private static final int CONTINUATION = 0;
  private static final int TEXT = 1;
  private static final int BINARY = 2;
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;

  private final RawStream stream;
  private final boolean client;
  private final String subprotocol;
  private final int maxBytes;
  private final DataInputStream input;
  private final ReentrantLock sending = new ReentrantLock();
  private final ReentrantLock receiving = new ReentrantLock();

  /** Guarded by {@code sending}. */
  private boolean closeSent;

  private volatile Message.@Nullable Closed end;

  private FramedWebSocket(RawStream stream, boolean client, String subprotocol, int maxBytes) {
    this.stream = stream;
    this.client = client;
    this.subprotocol = subprotocol;
    this.maxBytes = maxBytes;
    this.input = new DataInputStream(new BufferedInputStream(stream.input(), 4096));
  }

  static WebSocket ofServer(RawStream stream, String subprotocol, int maxBytes) {
    return new FramedWebSocket(stream, false, subprotocol, maxBytes);
  }

  static WebSocket ofClient(RawStream stream, String subprotocol, int maxBytes) {
    return new FramedWebSocket(stream, true, subprotocol, maxBytes);
  }

  /** The peer broke the protocol; the code goes into the close frame. */
  private static final class Violation extends IOException {
    private static final long serialVersionUID = 1L;
    private final int code;

    Violation(int code, String message) {
      super(message);
      this.code = code;
    }
  }

  private record Frame(boolean last, int opcode, byte[] payload) {}

  @Override
  public Optional<String> subprotocol() {
    return subprotocol.isEmpty() ? Optional.empty() : Optional.of(subprotocol);
  }

  @Override
  public Message receive() {
    receiving.lock();
    try {
      return receiveAlone();
    } finally {
      receiving.unlock();
    }
  }

  private Message receiveAlone() {
    Message.Closed ended = end;
    if (ended != null) {
      return ended;
    }
    try {
      return receiveMessage();
    } catch (Violation e) {
      return closedBy(e.code, e.getMessage() == null ? "" : e.getMessage());
    } catch (IOException e) {
      Message.Closed broken = end;
      return broken != null ? broken : ended(new Message.Closed(1006, "the connection broke"));
    }
  }

  private Message.Closed closedBy(int code, String reason) {
    // what is still under way is read and dropped: see close
    stream.closeSoon();
    sendClose(code, reason);
    try {
      input.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // the connection is at its end, as wanted
    }
    return ended(new Message.Closed(code, reason));
  }

  private Message.Closed ended(Message.Closed message) {
    end = message;
    stream.close();
    return message;
  }

  private Message receiveMessage() throws IOException {
    int opcode = -1;
    ByteArrayOutputStream gathered = new ByteArrayOutputStream(0);
    while (true) {
      Frame frame = readFrame();
      switch (frame.opcode()) {
        case PING -> sendFrame(PONG, frame.payload());
        case PONG -> {}
        case CLOSE -> {
          return peerClosed(frame.payload());
        }
        case TEXT, BINARY, CONTINUATION -> {
          if ((frame.opcode() == CONTINUATION) != (opcode >= 0)) {
            throw new Violation(1002, "unexpected frame order");
          }
          if (opcode < 0) {
            opcode = frame.opcode();
            if (frame.last()) {
              return message(opcode, frame.payload());
            }
          }
          if (gathered.size() + frame.payload().length > maxBytes) {
            throw new Violation(1009, "message too big");
          }
          gathered.writeBytes(frame.payload());
          if (frame.last()) {
            return message(opcode, gathered.toByteArray());
          }
        }
        default -> throw new Violation(1002, "unknown opcode");
      }
    }
  }

  private static Message message(int opcode, byte[] payload) throws Violation {
    return opcode == TEXT
        ? new Message.Text(text(payload, 0, payload.length))
        : new Message.Binary(Bytes.wrap(payload));
  }

  private static String text(byte[] payload, int offset, int length) throws Violation {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(payload, offset, length))
          .toString();
    } catch (CharacterCodingException e) {
      throw new Violation(1007, "text is not UTF-8");
    }
  }

  private Message peerClosed(byte[] payload) throws Violation {
    if (payload.length == 1) {
      throw new Violation(1002, "short close frame");
    }
    int code = payload.length == 0 ? 1005 : (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
    String reason = payload.length == 0 ? "" : text(payload, 2, payload.length - 2);
    sendClose(code == 1005 ? 1000 : code, "");
    return ended(new Message.Closed(code, reason));
  }

  private Frame readFrame() throws IOException {
    int first = input.readUnsignedByte();
    int second = input.readUnsignedByte();
    int opcode = first & 0x0F;
    boolean masked = (second & 0x80) != 0;
    if ((first & 0x70) != 0 || masked == client) {
      throw new Violation(1002, "unexpected frame bits");
    }
    long length = second & 0x7F;
    if (opcode >= CLOSE && (length > 125 || (first & 0x80) == 0)) {
      throw new Violation(1002, "bad control frame");
    }
    if (length == 126) {
      length = input.readUnsignedShort();
    } else if (length == 127) {
      length = input.readLong();
    }
    if (length < 0 || (length > maxBytes && opcode < CLOSE)) {
      throw new Violation(1009, "frame too big");
    }
    byte[] mask = new byte[4];
    if (masked) {
      input.readFully(mask);
    }
    byte[] payload = input.readNBytes((int) length);
    if (payload.length < length) {
      throw new IOException("the connection ended within a frame");
    }
    if (masked) {
      mask(payload, 0, payload.length, mask);
    }
    return new Frame((first & 0x80) != 0, opcode, payload);
  }

  private static void mask(byte[] bytes, int offset, int length, byte[] mask) {
    for (int i = 0; i < length; i++) {
      bytes[offset + i] ^= mask[i & 3];
    }
  }

  @Override
  public void send(Bytes bytes) throws IOException {
    sendFrame(BINARY, bytes.unsafeArray());
  }

  @Override
  public void send(String text) throws IOException {
    sendFrame(TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void ping() throws IOException {
    sendFrame(PING, new byte[0]);
  }

  private void sendFrame(int opcode, byte[] payload) throws IOException {
    byte[] frame = encode(opcode, payload);
    sending.lock();
    try {
      if (closeSent) {
        throw new IOException("the WebSocket is closed");
      }
      closeSent = opcode == CLOSE;
      OutputStream output = stream.output();
      output.write(frame);
      output.flush();
    } finally {
      sending.unlock();
    }
  }

  private byte[] encode(int opcode, byte[] payload) {
    int length = payload.length;
    int extended = length < 126 ? 0 : length <= 0xFFFF ? 2 : 8;
    int head = 2 + extended + (client ? 4 : 0);
    ByteBuffer frame = ByteBuffer.allocate(head + length);
    frame.put((byte) (0x80 | opcode));
    int maskBit = client ? 0x80 : 0;
    switch (extended) {
      case 0 -> frame.put((byte) (maskBit | length));
      case 2 -> frame.put((byte) (maskBit | 126)).putShort((short) length);
      default -> frame.put((byte) (maskBit | 127)).putLong(length);
    }
    if (client) {
      int key = ThreadLocalRandom.current().nextInt();
      frame.putInt(key);
    }
    frame.put(payload);
    byte[] array = frame.array();
    if (client) {
      byte[] key = {array[head - 4], array[head - 3], array[head - 2], array[head - 1]};
      mask(array, head, length, key);
    }
    return array;
  }

  private void sendClose(int code, String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(text.length, 123);
    byte[] payload = new byte[2 + length];
    payload[0] = (byte) (code >> 8);
    payload[1] = (byte) code;
    System.arraycopy(text, 0, payload, 2, length);
    try {
      sendFrame(CLOSE, payload);
    } catch (IOException e) {
      // closed already: the peer has had a close frame, or will see the connection end
      stream.close();
    }
  }

  @Override
  public void close(int code, String reason) {
    if (end != null) {
      stream.close();
      return;
    }
    // not for ever: a peer that does not read would hold up even the close frame
    stream.closeSoon();
    sendClose(code, reason);
    // bytes that nobody reads would make the kernel reset the connection, and the peer would lose
    // what was sent last: so the peer's answer is read first
    if (receiving.tryLock()) {
      try {
        while (!(receiveAlone() instanceof Message.Closed)) {
          continue;
        }
        end = new Message.Closed(code, reason);
      } finally {
        receiving.unlock();
      }
    }
  }
}
