package dev.nacelle.kernel.process;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A received message of the companions' protocol (protocol.h), read field by field; for one thread.
 * A descriptor that is not taken is closed by {@link #close}. Reading past the end throws {@link
 * IllegalStateException}.
 */
public final class Packet implements AutoCloseable {
  private final int type;
  private final int id;
  private final ByteBuffer fields;
  private final List<Integer> descriptors;

  Packet(PacketSocket.Received received) {
    fields = ByteBuffer.wrap(received.data()).order(ByteOrder.LITTLE_ENDIAN);
    descriptors = new ArrayList<>(received.descriptors());
    type = u32();
    id = u32();
  }

  public int type() {
    return type;
  }

  public int id() {
    return id;
  }

  public int u32() {
    require(4);
    return fields.getInt();
  }

  public long u64() {
    require(8);
    return fields.getLong();
  }

  public String string() {
    byte[] text = new byte[bounded(u32())];
    fields.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  /** True when every byte was read: a peer of an earlier version says no more. */
  public boolean isAtEnd() {
    return !fields.hasRemaining();
  }

  /** All bytes that were not read yet. */
  public byte[] rest() {
    byte[] bytes = new byte[fields.remaining()];
    fields.get(bytes);
    return bytes;
  }

  /** The next descriptor; the caller owns it. */
  int takeDescriptor() {
    if (descriptors.isEmpty()) {
      throw new IllegalStateException("a packet carries fewer descriptors than its protocol says");
    }
    return descriptors.removeFirst();
  }

  public int descriptorCount() {
    return descriptors.size();
  }

  private void require(int size) {
    bounded(size);
  }

  private int bounded(int size) {
    if (size < 0 || size > fields.remaining()) {
      throw new IllegalStateException("a packet is shorter than its protocol says");
    }
    return size;
  }

  @Override
  public void close() {
    descriptors.forEach(Syscalls::close);
    descriptors.clear();
  }

  /** Writes the fields of a message; for one thread. */
  public static final class Fields {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public Fields u32(long value) {
      out.writeBytes(
          ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt((int) value).array());
      return this;
    }

    public Fields u64(long value) {
      out.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
      return this;
    }

    public Fields string(String value) {
      byte[] text = value.getBytes(StandardCharsets.UTF_8);
      u32(text.length);
      return bytes(text, 0, text.length);
    }

    public Fields bytes(byte[] value, int offset, int length) {
      out.write(value, offset, length);
      return this;
    }

    byte[] message(int type, int id) {
      if (out.size() > PacketSocket.MAX_PACKET - 8) {
        throw new IllegalArgumentException(
            "cannot send a message of " + out.size() + " bytes: at most 65528");
      }
      return ByteBuffer.allocate(8 + out.size())
          .order(ByteOrder.LITTLE_ENDIAN)
          .putInt(type)
          .putInt(id)
          .put(out.toByteArray())
          .array();
    }
  }
}
