package dev.nacelle.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The bytes of the structures in {@code tables.h}: change both. */
final class Layouts {
  private Layouts() {}

  /** {@code struct frontend_key}; address 0 is a node port. */
  record FrontendKey(int address, int port, int protocol) {
    byte[] bytes() {
      return buffer(8)
          .putInt(network(address))
          .putShort(networkPort(port))
          .put((byte) protocol)
          .array();
    }

    static FrontendKey of(Frontend frontend, Protocol protocol) {
      return new FrontendKey(frontend.address().bits(), frontend.port(), protocol.number());
    }

    static FrontendKey of(byte[] bytes) {
      ByteBuffer b = wrap(bytes);
      return new FrontendKey(network(b.getInt(0)), hostPort(b, 4), b.get(6));
    }
  }

  /** {@code struct frontend}. */
  record FrontendValue(int nearSet, int farSet, int kind) {
    byte[] bytes() {
      return buffer(12).putInt(nearSet).putInt(farSet).putInt(kind).array();
    }

    static FrontendValue of(byte[] bytes) {
      ByteBuffer b = wrap(bytes);
      return new FrontendValue(b.getInt(0), b.getInt(4), b.getInt(8));
    }
  }

  /** {@code struct backend_set}. */
  record SetValue(int count, int affinitySeconds) {
    byte[] bytes() {
      return buffer(8).putInt(count).putInt(affinitySeconds).array();
    }

    static SetValue of(byte[] bytes) {
      ByteBuffer b = wrap(bytes);
      return new SetValue(b.getInt(0), b.getInt(4));
    }
  }

  /** {@code struct slot_key}. */
  record SlotKey(int set, int index) {
    byte[] bytes() {
      return buffer(8).putInt(set).putInt(index).array();
    }

    static SlotKey of(byte[] bytes) {
      ByteBuffer b = wrap(bytes);
      return new SlotKey(b.getInt(0), b.getInt(4));
    }
  }

  /** {@code struct backend}. */
  record BackendValue(int address, int port) {
    byte[] bytes() {
      return buffer(8).putInt(network(address)).putShort(networkPort(port)).array();
    }

    static BackendValue of(byte[] bytes) {
      ByteBuffer b = wrap(bytes);
      return new BackendValue(network(b.getInt(0)), hostPort(b, 4));
    }
  }

  /** {@code struct member_key}. */
  record MemberKey(int set, BackendValue backend) {
    byte[] bytes() {
      return buffer(12).putInt(set).put(backend.bytes()).array();
    }

    static MemberKey of(byte[] bytes) {
      ByteBuffer b = wrap(bytes);
      return new MemberKey(b.getInt(0), new BackendValue(network(b.getInt(4)), hostPort(b, 8)));
    }
  }

  /** {@code struct namespace}; address 0 is the host. */
  record NamespaceValue(int address, int identity) {
    byte[] bytes() {
      return buffer(8).putInt(network(address)).putInt(identity).array();
    }

    static NamespaceValue of(byte[] bytes) {
      ByteBuffer b = wrap(bytes);
      return new NamespaceValue(network(b.getInt(0)), b.getInt(4));
    }
  }

  /** {@code struct cluster_key}. */
  record ClusterKey(int prefixLength, int address) {
    byte[] bytes() {
      return buffer(8).putInt(prefixLength).putInt(network(address)).array();
    }

    static ClusterKey of(byte[] bytes) {
      ByteBuffer b = wrap(bytes);
      return new ClusterKey(b.getInt(0), network(b.getInt(4)));
    }
  }

  /** {@code struct endpoint}. */
  static byte[] endpoint(int interfaceIndex, int identity, long mac) {
    ByteBuffer b = buffer(16).putInt(interfaceIndex).putInt(identity);
    for (int shift = 40; shift >= 0; shift -= 8) {
      b.put((byte) (mac >>> shift));
    }
    return b.array();
  }

  static byte[] address(int address) {
    return buffer(4).putInt(network(address)).array();
  }

  static int address(byte[] bytes) {
    return network(wrap(bytes).getInt(0));
  }

  static byte[] number(int value) {
    return buffer(4).putInt(value).array();
  }

  static int number(byte[] bytes) {
    return wrap(bytes).getInt(0);
  }

  static byte[] cookie(long value) {
    return buffer(8).putLong(value).array();
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer wrap(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int network(int address) {
    return Integer.reverseBytes(address);
  }

  private static short networkPort(int port) {
    return Short.reverseBytes((short) port);
  }

  private static int hostPort(ByteBuffer b, int at) {
    return Short.reverseBytes(b.getShort(at)) & 0xffff;
  }
}
