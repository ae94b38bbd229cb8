package dev.nacelle.kernel.process;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A unix(7) SOCK_SEQPACKET connection whose packets may carry descriptors (SCM_RIGHTS). Safe for
 * any thread; packets are whole.
 */
final class PacketSocket implements AutoCloseable {
  static final int MAX_PACKET = 65_536;
  private static final int MAX_DESCRIPTORS = 12;
  private static final int AF_UNIX = 1;
  private static final int SOCK_SEQPACKET = 5;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int MSG_CTRUNC_TRUNC = 0x8 | 0x20;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int SHUT_RDWR = 2;
  private static final int MSGHDR_SIZE = 56;
  private static final int CMSG_HEADER = 16;

  /** A packet; the receiver owns the descriptors. */
  record Received(byte[] data, List<Integer> descriptors) {}

  private final Poller poller;
  private final Descriptor descriptor;

  PacketSocket(Poller poller, Descriptor descriptor) {
    this.poller = poller;
    this.descriptor = descriptor;
  }

  Poller poller() {
    return poller;
  }

  /**
   * Connects to a socket file. The path may be longer than an address holds: its directory is named
   * by a descriptor.
   *
   * @throws ErrnoException ENOENT or ECONNREFUSED if nobody listens
   */
  static PacketSocket connect(Poller poller, Path file) {
    Path parent = file.getParent();
    Path name = file.getFileName();
    if (parent == null || name == null) {
      throw new IllegalArgumentException("cannot connect to " + file + ": not a file");
    }
    int directory = Syscalls.openHandle(parent);
    try (Arena arena = Arena.ofConfined()) {
      byte[] text = ("/proc/self/fd/" + directory + "/" + name).getBytes(StandardCharsets.UTF_8);
      if (text.length > 107) {
        throw new IllegalArgumentException("cannot connect to " + file + ": the name is too long");
      }
      MemorySegment address = arena.allocate(110, 2);
      address.set(JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(text, 0, address, JAVA_BYTE, 2, text.length);
      int fd =
          (int)
              Native.check(
                  "make a socket",
                  Syscalls.SOCKET,
                  AF_UNIX,
                  SOCK_SEQPACKET | Syscalls.O_CLOEXEC,
                  0);
      try {
        Native.check("connect to " + file, Syscalls.CONNECT, fd, address.address(), 110);
      } catch (ErrnoException e) {
        Syscalls.close(fd);
        throw e;
      }
      return new PacketSocket(poller, poller.adopt(fd));
    } finally {
      Syscalls.close(directory);
    }
  }

  void send(byte[] packet) throws IOException {
    send(packet, new long[0]);
  }

  /** Sends a packet with descriptors beside it, which stay the caller's. */
  void send(byte[] packet, long[] numbers) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(packet.length);
      MemorySegment.copy(packet, 0, data, JAVA_BYTE, 0, packet.length);
      MemorySegment header = header(arena, data);
      if (numbers.length > 0) {
        MemorySegment control = arena.allocate(CMSG_HEADER + 8L * ((numbers.length + 1) / 2), 8);
        control.set(JAVA_LONG, 0, CMSG_HEADER + 4L * numbers.length);
        control.set(JAVA_INT, 8, SOL_SOCKET);
        control.set(JAVA_INT, 12, SCM_RIGHTS);
        for (int i = 0; i < numbers.length; i++) {
          control.set(JAVA_INT, CMSG_HEADER + 4L * i, (int) numbers[i]);
        }
        header.set(JAVA_LONG, 32, control.address());
        header.set(JAVA_LONG, 40, control.byteSize());
      }
      long n =
          descriptor.whenReady(
              () ->
                  Native.call(
                      Syscalls.SENDMSG, descriptor.number(), header.address(), MSG_NOSIGNAL));
      if (n < 0) {
        throw new IOException(new ErrnoException("send a packet", (int) -n));
      }
    }
  }

  /** Waits for a packet; empty when the peer has gone. */
  Optional<Received> receive() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(MAX_PACKET);
      MemorySegment header = header(arena, data);
      int room = CMSG_HEADER + 4 * MAX_DESCRIPTORS;
      MemorySegment control = arena.allocate(room, 8);
      header.set(JAVA_LONG, 32, control.address());
      long n =
          descriptor.whenReady(
              () -> {
                header.set(JAVA_LONG, 40, room);
                return Native.call(
                    Syscalls.RECVMSG, descriptor.number(), header.address(), MSG_CMSG_CLOEXEC);
              });
      if (n == 0 || n == -Syscalls.ECONNRESET || n == -Syscalls.EPIPE) {
        return Optional.empty();
      }
      if (n < 0) {
        throw new IOException(new ErrnoException("receive a packet", (int) -n));
      }
      List<Integer> descriptors = descriptors(header, control);
      if ((header.get(JAVA_INT, 48) & MSG_CTRUNC_TRUNC) != 0) {
        descriptors.forEach(Syscalls::close);
        throw new IOException("cannot receive a packet: it is larger than the protocol allows");
      }
      return Optional.of(new Received(data.asSlice(0, n).toArray(JAVA_BYTE), descriptors));
    }
  }

  private static List<Integer> descriptors(MemorySegment header, MemorySegment control) {
    long controlSize = header.get(JAVA_LONG, 40);
    if (controlSize < CMSG_HEADER
        || control.get(JAVA_INT, 8) != SOL_SOCKET
        || control.get(JAVA_INT, 12) != SCM_RIGHTS) {
      return List.of();
    }
    int count = (int) ((control.get(JAVA_LONG, 0) - CMSG_HEADER) / 4);
    var result = new java.util.ArrayList<Integer>();
    for (int i = 0; i < count; i++) {
      result.add(control.get(JAVA_INT, CMSG_HEADER + 4L * i));
    }
    return List.copyOf(result);
  }

  /** A struct msghdr with one part. */
  private static MemorySegment header(Arena arena, MemorySegment data) {
    MemorySegment part = arena.allocate(16, 8);
    part.set(JAVA_LONG, 0, data.address());
    part.set(JAVA_LONG, 8, data.byteSize());
    MemorySegment header = arena.allocate(MSGHDR_SIZE, 8);
    header.set(JAVA_LONG, 16, part.address());
    header.set(JAVA_LONG, 24, 1);
    return header;
  }

  /** Ends both directions; a receive under way sees the end. */
  void shutdown() {
    try {
      descriptor.whenReady(() -> Native.call(Syscalls.SHUTDOWN, descriptor.number(), SHUT_RDWR));
    } catch (IOException e) {
      // it is closed already, which is what was wanted
      return;
    }
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
