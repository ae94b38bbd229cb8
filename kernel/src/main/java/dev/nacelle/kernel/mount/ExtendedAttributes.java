package dev.nacelle.kernel.mount;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** All extended attributes of a file, of every namespace, not following links; xattr(7). */
public final class ExtendedAttributes {
  private static final int MAX_BYTES = 65536;

  private ExtendedAttributes() {}

  /** By name; empty where the file system has none. */
  public static Map<String, Bytes> read(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      long pathAddress = arena.allocateFrom(path.toString()).address();
      MemorySegment list = arena.allocate(MAX_BYTES);
      long size =
          Native.call(SyscallNumbers.HERE.llistxattr(), pathAddress, list.address(), MAX_BYTES);
      if (size == -Errno.EOPNOTSUPP || size == 0) {
        return Map.of();
      }
      if (size < 0) {
        throw new ErrnoException("list the extended attributes of " + path, (int) -size);
      }
      var names =
          new String(list.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
      var result = new TreeMap<String, Bytes>();
      MemorySegment value = arena.allocate(MAX_BYTES);
      for (String name : names.split("\0")) {
        long length =
            Native.call(
                SyscallNumbers.HERE.lgetxattr(),
                pathAddress,
                arena.allocateFrom(name).address(),
                value.address(),
                MAX_BYTES);
        if (length == -Errno.ENODATA) {
          continue; // removed since it was listed
        }
        if (length < 0) {
          throw new ErrnoException("read " + name + " of " + path, (int) -length);
        }
        result.put(name, Bytes.wrap(value.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE)));
      }
      return Collections.unmodifiableMap(result);
    }
  }

  /** Sets one attribute. */
  public static void write(Path path, String name, Bytes value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, value.sizeBytes()));
      MemorySegment.copy(
          value.unsafeArray(), 0, bytes, ValueLayout.JAVA_BYTE, 0, value.sizeBytes());
      Native.check(
          "set " + name + " of " + path,
          SyscallNumbers.HERE.lsetxattr(),
          arena.allocateFrom(path.toString()).address(),
          arena.allocateFrom(name).address(),
          bytes.address(),
          value.sizeBytes(),
          0);
    }
  }
}
