package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A file system being configured: fsopen(2), fsconfig(2), fsmount(2), move_mount(2). Unlike
 * mount(2) it has no limit of one page for all options, and the kernel says in words what it did
 * not like. For one thread; close it whether or not it was mounted.
 */
public final class FileSystemContext implements AutoCloseable {
  private static final int CLOEXEC = 1;
  private static final int SET_FLAG = 0;
  private static final int SET_STRING = 1;
  private static final int CREATE = 6;
  private static final int EMPTY_SOURCE_PATH = 4;
  private static final int AT_FDCWD = -100;
  private static final int MAX_MESSAGE = 512;

  private final String type;
  private final Descriptor context;

  private FileSystemContext(String type, Descriptor context) {
    this.type = type;
    this.context = context;
  }

  /**
   * @throws ErrnoException with {@link Errno#ENODEV} if the kernel has no such file system, with
   *     {@link Errno#ENOSYS} if it has not these calls (before 5.2)
   */
  public static FileSystemContext open(String type) {
    try (Arena arena = Arena.ofConfined()) {
      long number =
          Native.check(
              "open file system " + type,
              SyscallNumbers.FSOPEN,
              arena.allocateFrom(type).address(),
              CLOEXEC);
      return new FileSystemContext(type, new Descriptor(number));
    }
  }

  /** Sets an option with a value. */
  public FileSystemContext set(String key, String value) {
    try (Arena arena = Arena.ofConfined()) {
      configure(
          key + "=" + value,
          SET_STRING,
          arena.allocateFrom(key).address(),
          arena.allocateFrom(value).address());
    }
    return this;
  }

  /** Sets an option without a value. */
  public FileSystemContext set(String key) {
    try (Arena arena = Arena.ofConfined()) {
      configure(key, SET_FLAG, arena.allocateFrom(key).address(), 0);
    }
    return this;
  }

  /** Makes the file system and puts it at {@code target}. */
  public void mount(Path target, long attributes) {
    configure("create", CREATE, 0, 0);
    long mount =
        Native.check(
            "mount " + type + " on " + target,
            SyscallNumbers.FSMOUNT,
            context.number(),
            CLOEXEC,
            attributes);
    try (Descriptor descriptor = new Descriptor(mount);
        Arena arena = Arena.ofConfined()) {
      Native.check(
          "mount " + type + " on " + target,
          SyscallNumbers.MOVE_MOUNT,
          descriptor.number(),
          arena.allocateFrom("").address(),
          AT_FDCWD,
          arena.allocateFrom(target.toString()).address(),
          EMPTY_SOURCE_PATH);
    }
  }

  private void configure(String what, int command, long key, long value) {
    long result = Native.call(SyscallNumbers.FSCONFIG, context.number(), command, key, value, 0L);
    if (result < 0) {
      String why = message();
      throw new ErrnoException(
          "configure " + type + " (" + what + (why.isEmpty() ? "" : ", " + why) + ")",
          (int) -result);
    }
  }

  /** The kernel's own words, read from the context; empty where it had none. */
  private String message() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(MAX_MESSAGE);
      long size = Native.call(READ, context.number(), buffer.address(), buffer.byteSize());
      if (size <= 0) {
        return "";
      }
      byte[] text = buffer.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
      return new String(text, StandardCharsets.UTF_8).strip();
    }
  }

  private static final long READ = System.getProperty("os.arch", "").equals("aarch64") ? 63 : 0;

  @Override
  public void close() {
    context.close();
  }
}
