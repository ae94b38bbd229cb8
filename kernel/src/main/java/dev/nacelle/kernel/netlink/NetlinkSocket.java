package dev.nacelle.kernel.netlink;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.Native;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A route netlink socket. It stays in the namespace where it was opened, whichever thread uses it.
 * One request at a time; calls take microseconds to some milliseconds and pin a carrier meanwhile.
 */
public final class NetlinkSocket implements AutoCloseable {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_NETNS_COOKIE = 71;
  private static final int SOL_NETLINK = 270;
  private static final int NETLINK_CAP_ACK = 10;
  private static final int NETLINK_EXT_ACK = 11;
  private static final int BUFFER_SIZE = 64 << 10;
  private static final int BATCH = 64;
  private static final int TYPE_ERROR = 2;
  private static final int TYPE_DONE = 3;
  private static final int FLAG_DUMP_INTERRUPTED = 0x10;
  private static final int FLAG_ACK_TLVS = 0x200;
  private static final int EXT_ACK_TEXT = 1;
  private static final int DUMP_ATTEMPTS = 5;

  private final int descriptor;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER_SIZE, 8);
  private int sequence;

  private NetlinkSocket(int descriptor) {
    this.descriptor = descriptor;
  }

  /** Opens a socket in the network namespace of the calling thread. */
  public static NetlinkSocket open() {
    int descriptor =
        (int) Native.check("open netlink socket", Syscalls.SOCKET, AF_NETLINK, SOCK_RAW_CLOEXEC, 0);
    NetlinkSocket socket = new NetlinkSocket(descriptor);
    socket.enable(NETLINK_EXT_ACK);
    socket.enable(NETLINK_CAP_ACK);
    return socket;
  }

  private void enable(int option) {
    try (Arena scope = Arena.ofConfined()) {
      Native.check(
          "set netlink option " + option,
          Syscalls.SETSOCKOPT,
          descriptor,
          SOL_NETLINK,
          option,
          scope.allocateFrom(ValueLayout.JAVA_INT, 1).address(),
          4);
    }
  }

  /** The number that names this socket's namespace until the next boot, never used twice. */
  public long namespaceCookie() {
    try (Arena scope = Arena.ofConfined()) {
      MemorySegment cookie = scope.allocate(8, 8);
      MemorySegment length = scope.allocateFrom(ValueLayout.JAVA_INT, 8);
      Native.check(
          "read the namespace's cookie",
          Syscalls.GETSOCKOPT,
          descriptor,
          SOL_SOCKET,
          SO_NETNS_COOKIE,
          cookie.address(),
          length.address());
      return cookie.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /**
   * Makes the requests in their order, few system calls for all. Those after a failed one are made
   * too.
   *
   * @throws NetlinkException for the first that failed
   */
  public synchronized void send(NetlinkBatch batch) {
    List<Message> messages = batch.messages();
    Optional<NetlinkException> failure = Optional.empty();
    for (int from = 0; from < messages.size(); from += BATCH) {
      List<Message> part = messages.subList(from, Math.min(messages.size(), from + BATCH));
      Optional<NetlinkException> found = exchange(part);
      failure = failure.or(() -> found);
    }
    failure.ifPresent(
        e -> {
          throw e;
        });
  }

  private Optional<NetlinkException> exchange(List<Message> part) {
    int first = sequence + 1;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Message message : part) {
      bytes.writeBytes(message.encode(++sequence));
    }
    transmit(part.getFirst().what(), bytes.toByteArray());
    Optional<NetlinkException> failure = Optional.empty();
    int acknowledged = 0;
    while (acknowledged < part.size()) {
      ByteBuffer replies = receive();
      while (replies.remaining() >= Message.HEADER) {
        ByteBuffer reply = next(replies);
        int index = reply.getInt(8) - first;
        if (index < 0 || index >= part.size() || reply.getShort(4) != TYPE_ERROR) {
          continue;
        }
        acknowledged++;
        int errno = -reply.getInt(16);
        if (errno != 0 && failure.isEmpty() && !part.get(index).tolerates(errno)) {
          failure = Optional.of(new NetlinkException(part.get(index).what(), errno, words(reply)));
        }
      }
    }
    return failure;
  }

  /** All links of the namespace. */
  public List<Link> links() {
    return dump(new Message("list links", Rt.GETLINK, 0, Set.of()).link(0, 0, 0)).stream()
        .map(Link::parse)
        .toList();
  }

  /** One link by name. */
  public synchronized Optional<Link> link(String name) {
    Message request =
        new Message("find link " + name, Rt.GETLINK, Message.REQUEST, Set.of())
            .link(0, 0, 0)
            .attribute(Rt.IFLA_IFNAME, name);
    int wanted = ++sequence;
    transmit(request.what(), request.encode(wanted));
    while (true) {
      ByteBuffer replies = receive();
      while (replies.remaining() >= Message.HEADER) {
        ByteBuffer reply = next(replies);
        if (reply.getInt(8) != wanted) {
          continue;
        }
        if (reply.getShort(4) != TYPE_ERROR) {
          return Optional.of(Link.parse(reply));
        }
        int errno = -reply.getInt(16);
        if (errno == Errno.ENODEV) {
          return Optional.empty();
        }
        throw new NetlinkException(request.what(), errno, words(reply));
      }
    }
  }

  /** All IPv4 addresses of the namespace. */
  public List<LinkAddress> addresses() {
    Message request = new Message("list addresses", Rt.GETADDR, 0, Set.of());
    return dump(request.int8(Rt.AF_INET).int8(0).int8(0).int8(0).int32(0)).stream()
        .map(LinkAddress::parse)
        .toList();
  }

  /** All IPv4 routes of the main table. */
  public List<Route> routes() {
    Message request = new Message("list routes", Rt.GETROUTE, 0, Set.of());
    request.int8(Rt.AF_INET).int8(0).int8(0).int8(0).int8(0).int8(0).int8(0).int8(0).int32(0);
    return dump(request).stream().map(Route::parse).flatMap(Optional::stream).toList();
  }

  private synchronized List<ByteBuffer> dump(Message request) {
    for (int attempt = 1; ; attempt++) {
      Optional<List<ByteBuffer>> complete = dumpOnce(request);
      if (complete.isPresent()) {
        return complete.get();
      }
      if (attempt == DUMP_ATTEMPTS) {
        throw new NetlinkException(request.what(), Errno.EAGAIN, "it changed all the while");
      }
    }
  }

  private Optional<List<ByteBuffer>> dumpOnce(Message request) {
    byte[] encoded = request.encode(++sequence);
    ByteBuffer.wrap(encoded)
        .order(ByteOrder.nativeOrder())
        .putShort(6, (short) (Message.REQUEST | Message.DUMP));
    transmit(request.what(), encoded);
    List<ByteBuffer> found = new ArrayList<>();
    boolean consistent = true;
    while (true) {
      ByteBuffer replies = receive();
      while (replies.remaining() >= Message.HEADER) {
        ByteBuffer reply = next(replies);
        if (reply.getInt(8) != sequence) {
          continue;
        }
        consistent &= (reply.getShort(6) & FLAG_DUMP_INTERRUPTED) == 0;
        switch (reply.getShort(4)) {
          case TYPE_DONE -> {
            return consistent ? Optional.of(found) : Optional.empty();
          }
          case TYPE_ERROR ->
              throw new NetlinkException(request.what(), -reply.getInt(16), words(reply));
          default -> found.add(reply);
        }
      }
    }
  }

  private void transmit(String what, byte[] bytes) {
    try (Arena scope = Arena.ofConfined()) {
      MemorySegment copy = scope.allocate(bytes.length, 8);
      MemorySegment.copy(bytes, 0, copy, ValueLayout.JAVA_BYTE, 0, bytes.length);
      long result;
      do {
        result = Native.call(Syscalls.SENDTO, descriptor, copy.address(), bytes.length, 0, 0, 0);
      } while (result == -Errno.EINTR);
      if (result < 0) {
        throw new NetlinkException(what, (int) -result, "");
      }
    }
  }

  /** The next datagram, copied: replies outlive the buffer. */
  private ByteBuffer receive() {
    long result;
    do {
      result = Native.call(Syscalls.RECVFROM, descriptor, buffer.address(), BUFFER_SIZE, 0, 0, 0);
    } while (result == -Errno.EINTR);
    if (result < 0) {
      throw new NetlinkException("read from netlink", (int) -result, "");
    }
    byte[] copy = buffer.asSlice(0, result).toArray(ValueLayout.JAVA_BYTE);
    return ByteBuffer.wrap(copy).order(ByteOrder.nativeOrder());
  }

  /** Cuts off the next message of a datagram, header included. */
  private static ByteBuffer next(ByteBuffer replies) {
    int at = replies.position();
    int length = replies.getInt(at);
    if (length < Message.HEADER || length > replies.remaining()) {
      throw new NetlinkException("read from netlink", Errno.EIO, "a message is cut short");
    }
    replies.position(Math.min(replies.limit(), at + (length + 3 & ~3)));
    return replies.slice(at, length).order(ByteOrder.nativeOrder());
  }

  private static String words(ByteBuffer reply) {
    if ((reply.getShort(6) & FLAG_ACK_TLVS) == 0) {
      return "";
    }
    return Attributes.of(reply, Message.HEADER + 4 + Message.HEADER).text(EXT_ACK_TEXT);
  }

  @Override
  public synchronized void close() {
    Native.call(Syscalls.CLOSE, descriptor);
    arena.close();
  }
}
