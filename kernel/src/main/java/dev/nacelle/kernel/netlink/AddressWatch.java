package dev.nacelle.kernel.netlink;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import dev.nacelle.kernel.process.Descriptor;
import dev.nacelle.kernel.process.Poller;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Tells when IPv4 addresses come to the interfaces of a namespace or leave them; see
 * RTMGRP_IPV4_IFADDR in rtnetlink(7). One thread waits, another may close it; no carrier is pinned.
 */
public final class AddressWatch implements AutoCloseable {
  private static final int AF_NETLINK = 16;
  private static final int SOCK_RAW_CLOEXEC = 3 | 0x80000;
  private static final int RTMGRP_IPV4_IFADDR = 0x10;
  private static final int ADDRESS_SIZE = 12;
  private static final int GROUPS_OFFSET = 8;
  private static final int BUFFER_SIZE = 32 << 10;

  private final Poller poller;
  private final Descriptor socket;
  private final byte[] buffer = new byte[BUFFER_SIZE];

  private AddressWatch(Poller poller, Descriptor socket) {
    this.poller = poller;
    this.socket = socket;
  }

  /** Begins to listen in the network namespace of the calling thread, and stays there. */
  public static AddressWatch open() {
    int descriptor =
        (int) Native.check("open netlink socket", Syscalls.SOCKET, AF_NETLINK, SOCK_RAW_CLOEXEC, 0);
    try (Arena scope = Arena.ofConfined()) {
      MemorySegment address = scope.allocate(ADDRESS_SIZE, 4);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_NETLINK);
      address.set(ValueLayout.JAVA_INT, GROUPS_OFFSET, RTMGRP_IPV4_IFADDR);
      Native.check(
          "listen for addresses", Syscalls.BIND, descriptor, address.address(), ADDRESS_SIZE);
    } catch (ErrnoException e) {
      Native.call(Syscalls.CLOSE, descriptor);
      throw e;
    }
    Poller poller = Poller.open();
    return new AddressWatch(poller, poller.adopt(descriptor));
  }

  /**
   * Waits for a change; several at once are told one after another. A change that the kernel could
   * not keep for us is told too.
   *
   * @return false once this is closed or the thread is interrupted
   */
  public boolean awaitChange() {
    try {
      return socket.read(buffer, 0, buffer.length) > 0;
    } catch (IOException e) {
      return e.getCause() instanceof ErrnoException refused && refused.errno() == Errno.ENOBUFS;
    }
  }

  @Override
  public void close() {
    socket.close();
    poller.close();
  }
}
