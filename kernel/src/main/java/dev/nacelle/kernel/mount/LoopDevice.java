package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * A read-only loop device that frees itself when its last user leaves; loop(4). For kernels that
 * cannot mount a file directly.
 */
public final class LoopDevice {
  private static final int CTL_GET_FREE = 0x4C82;
  private static final int CONFIGURE = 0x4C0A;
  private static final int READ_ONLY = 1;
  private static final int AUTOCLEAR = 4;
  private static final int DIRECT_IO = 16;
  private static final int CONFIG_BYTES = 304;
  private static final int BLOCK_SIZE_OFFSET = 4;
  private static final int FLAGS_OFFSET = 8 + 52;
  private static final int DIRECT_BLOCK_BYTES = 4096;
  private static final int ATTEMPTS = 64;

  private LoopDevice() {}

  /** A device being held open until it is mounted: with no user it would free itself. */
  public record Attached(Path device, AutoCloseable holder) implements AutoCloseable {
    @Override
    public void close() {
      try {
        holder.close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot release " + device, e);
      }
    }
  }

  /** Attaches {@code file} to a free device. Close the answer once it is mounted. */
  public static Attached attach(Path file) {
    return attach(file, 0, READ_ONLY | AUTOCLEAR);
  }

  /**
   * As {@link #attach}, with blocks of 4096 bytes and past the page cache where the file system can
   * do that: what stands on the device has a cache of its own, and reads what the disk has.
   *
   * @param file of whole blocks
   */
  public static Attached attachDirect(Path file) {
    return attach(file, DIRECT_BLOCK_BYTES, READ_ONLY | AUTOCLEAR | DIRECT_IO);
  }

  private static Attached attach(Path file, int blockBytes, int flags) {
    try (Descriptor control = Descriptor.open(Path.of("/dev/loop-control"), Descriptor.READ_WRITE);
        Descriptor backing = Descriptor.open(file, Descriptor.READ_ONLY);
        Arena arena = Arena.ofConfined()) {
      MemorySegment config = arena.allocate(CONFIG_BYTES, 8);
      config.set(ValueLayout.JAVA_INT, 0, (int) backing.number());
      config.set(ValueLayout.JAVA_INT, BLOCK_SIZE_OFFSET, blockBytes);
      config.set(ValueLayout.JAVA_INT, FLAGS_OFFSET, flags);
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        long index =
            Native.check(
                "find a free loop device",
                SyscallNumbers.HERE.ioctl(),
                control.number(),
                CTL_GET_FREE,
                0);
        Path device = Path.of("/dev/loop" + index);
        Descriptor opened = Descriptor.open(device, Descriptor.READ_ONLY);
        long result =
            Native.call(SyscallNumbers.HERE.ioctl(), opened.number(), CONFIGURE, config.address());
        if (result == 0) {
          return new Attached(device, opened);
        }
        opened.close();
        if (result != -Errno.EBUSY) {
          throw new ErrnoException("attach " + file + " to " + device, (int) -result);
        }
        // another process took the device since we asked
      }
      throw new ErrnoException("attach " + file + " to a loop device", Errno.EBUSY);
    }
  }
}
