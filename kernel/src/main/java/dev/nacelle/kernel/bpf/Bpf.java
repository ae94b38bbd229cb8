package dev.nacelle.kernel.bpf;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.OptionalInt;

/** The {@code bpf(2)} commands that every kind of object shares. */
final class Bpf {
  static final int MAP_CREATE = 0;
  static final int MAP_LOOKUP_ELEM = 1;
  static final int MAP_UPDATE_ELEM = 2;
  static final int MAP_DELETE_ELEM = 3;
  static final int PROG_LOAD = 5;
  static final int OBJ_PIN = 6;
  static final int OBJ_GET = 7;
  static final int PROG_ATTACH = 8;
  static final int OBJ_GET_INFO_BY_FD = 15;
  static final int MAP_LOOKUP_BATCH = 24;
  static final int MAP_UPDATE_BATCH = 26;
  static final int LINK_CREATE = 28;
  static final int LINK_UPDATE = 29;
  static final int LINK_DETACH = 34;

  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private static final int ATTRIBUTES_SIZE = 128;
  private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");
  private static final long NR_BPF = ARM ? 280 : 321;
  private static final long NR_CLOSE = ARM ? 57 : 3;
  private static final long NR_OPENAT = ARM ? 56 : 257;
  private static final int AT_FDCWD = -100;
  private static final int O_RDONLY_DIRECTORY_CLOEXEC = (ARM ? 0x4000 : 0x10000) | 0x80000;

  private Bpf() {}

  /** Zeroed attributes of one command; they live as long as the arena. */
  static MemorySegment attributes(Arena arena) {
    return arena.allocate(ATTRIBUTES_SIZE, 8);
  }

  /** Makes the call. EAGAIN (the verifier was interrupted by a signal) and EINTR are retried. */
  static long call(int command, MemorySegment attributes) {
    for (int attempt = 0; ; attempt++) {
      long result = Native.call(NR_BPF, command, attributes.address(), ATTRIBUTES_SIZE);
      boolean again = result == -Errno.EINTR || result == -Errno.EAGAIN;
      if (!again || attempt == 10) {
        return result;
      }
    }
  }

  static int check(String what, int command, MemorySegment attributes) {
    long result = call(command, attributes);
    if (result < 0) {
      throw new BpfException(what, (int) -result, "");
    }
    return (int) result;
  }

  static void name(MemorySegment attributes, long offset, String name) {
    for (int i = 0; i < Math.min(15, name.length()); i++) {
      attributes.set(ValueLayout.JAVA_BYTE, offset + i, (byte) name.charAt(i));
    }
  }

  static void pin(int descriptor, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = attributes(arena);
      attributes.set(LONG, 0, arena.allocateFrom(path.toString()).address());
      attributes.set(INT, 8, descriptor);
      check("pin " + path, OBJ_PIN, attributes);
    }
  }

  /** Opens a pinned object; empty if there is none. */
  static OptionalInt openPinned(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = attributes(arena);
      attributes.set(LONG, 0, arena.allocateFrom(path.toString()).address());
      long result = call(OBJ_GET, attributes);
      if (result == -Errno.ENOENT) {
        return OptionalInt.empty();
      }
      if (result < 0) {
        throw new BpfException("open pinned " + path, (int) -result, "");
      }
      return OptionalInt.of((int) result);
    }
  }

  /** The kernel's description of an object, as many bytes as asked for. */
  static MemorySegment info(Arena arena, int descriptor, int sizeBytes) {
    MemorySegment info = arena.allocate(sizeBytes, 8);
    MemorySegment attributes = attributes(arena);
    attributes.set(INT, 0, descriptor);
    attributes.set(INT, 4, sizeBytes);
    attributes.set(LONG, 8, info.address());
    check("describe a bpf object", OBJ_GET_INFO_BY_FD, attributes);
    return info;
  }

  /** A descriptor of a directory, for example of a cgroup; the caller closes it. */
  static int openDirectory(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      return (int)
          Native.check(
              "open " + path,
              NR_OPENAT,
              AT_FDCWD,
              arena.allocateFrom(path.toString()).address(),
              O_RDONLY_DIRECTORY_CLOEXEC);
    }
  }

  static void close(int descriptor) {
    Native.call(NR_CLOSE, descriptor);
  }
}
