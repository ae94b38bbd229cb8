package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.Errno;
import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.Native;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Read-only devices of the kernel's device mapper, by the ioctls of its control node; {@code
 * linux/dm-ioctl.h}, interface version 4. A device that is mapped here goes when its last user
 * does, so that the mount that stands on it is all there is to remember. Needs CAP_SYS_ADMIN. For
 * one thread.
 */
public final class DeviceMapper implements AutoCloseable {
  private static final Path CONTROL = Path.of("/dev/mapper/control");
  private static final Path MISC_DEVICES = Path.of("/proc/misc");
  private static final int MISC_MAJOR = 10;
  private static final int CHARACTER_DEVICE = 0020600;
  private static final int BLOCK_DEVICE = 0060600;

  private static final long IOCTL = 0xC138FD00L; // _IOWR(0xfd, 0, struct dm_ioctl)
  private static final int LIST_DEVICES = 2;
  private static final int CREATE = 3;
  private static final int REMOVE = 4;
  private static final int SUSPEND_OR_RESUME = 6;
  private static final int LOAD_TABLE = 9;
  private static final int TABLE_STATUS = 12;

  private static final int READ_ONLY = 1;
  private static final int BUFFER_FULL = 1 << 8;
  private static final int DEFERRED_REMOVE = 1 << 17;

  // struct dm_ioctl, struct dm_target_spec, struct dm_name_list
  private static final int HEADER_BYTES = 312;
  private static final int TARGET_BYTES = 40;
  private static final int SIZE = 12;
  private static final int DATA_START = 16;
  private static final int TARGET_COUNT = 20;
  private static final int FLAGS = 28;
  private static final int DEVICE = 40;
  private static final int NAME = 48;
  private static final int TARGET_TYPE = 24;
  private static final int LISTED_NEXT = 8;
  private static final int LISTED_NAME = 12;

  private static final int MAX_NAME_BYTES = 120;
  private static final int FIRST_LIST_BYTES = 16 << 10;
  private static final int MAX_LIST_BYTES = 16 << 20;
  private static final int STATUS_BYTES = 4096;

  private final Descriptor control;
  private final Path scratch;

  private DeviceMapper(Descriptor control, Path scratch) {
    this.control = control;
    this.scratch = scratch;
  }

  /**
   * Opens the control node; where nobody keeps one in {@code /dev} it is made.
   *
   * @param scratch a directory for device nodes while they are needed
   * @throws ErrnoException if this kernel has no device mapper, or the caller may not use it
   */
  public static DeviceMapper open(Path scratch) throws IOException {
    try {
      return new DeviceMapper(Descriptor.open(CONTROL, Descriptor.READ_WRITE), scratch);
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      int minor = controlMinor().orElseThrow(() -> e);
      Path node = scratch.resolve("mapper-control");
      Files.deleteIfExists(node);
      SpecialFiles.make(node, CHARACTER_DEVICE, MISC_MAJOR, minor);
      try {
        return new DeviceMapper(Descriptor.open(node, Descriptor.READ_WRITE), scratch);
      } finally {
        Files.deleteIfExists(node);
      }
    }
  }

  private static Optional<Integer> controlMinor() throws IOException {
    return Files.readAllLines(MISC_DEVICES).stream()
        .map(line -> line.strip().split("\\s+"))
        .filter(fields -> fields.length == 2 && fields[1].equals("device-mapper"))
        .map(fields -> Integer.valueOf(fields[0]))
        .findFirst();
  }

  /** A device to be mounted from; closed, it lives on as long as what has opened it. */
  public final class Mapped implements AutoCloseable {
    private final String name;
    private final Path node;

    private Mapped(String name, Path node) {
      this.name = name;
      this.node = node;
    }

    /** A block device node, there until this is closed. */
    public Path node() {
      return node;
    }

    @Override
    public void close() {
      try {
        removeWhenUnused(name);
      } finally {
        forget(node);
      }
    }
  }

  /**
   * Maps a device that is proved as it is read.
   *
   * @throws ErrnoException if the kernel refuses: {@link Errno#EBUSY} if the name is taken, {@link
   *     Errno#EINVAL} for a target it does not know; nothing is left then
   */
  public Mapped map(String name, VerityTable table) {
    create(name);
    boolean done = false;
    try {
      load(name, table);
      Path node = node(resume(name));
      done = true;
      return new Mapped(name, node);
    } finally {
      if (!done) {
        removeWhenUnused(name);
      }
    }
  }

  private void create(String name) {
    try (Arena arena = Arena.ofConfined()) {
      send("create device " + name, CREATE, request(arena, name, READ_ONLY, HEADER_BYTES));
    }
  }

  private void load(String name, VerityTable table) {
    byte[] parameters = table.parameters().getBytes(StandardCharsets.US_ASCII);
    int size = HEADER_BYTES + TARGET_BYTES + (parameters.length + 8) / 8 * 8;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = request(arena, name, READ_ONLY, size);
      request.set(ValueLayout.JAVA_INT, TARGET_COUNT, 1);
      MemorySegment target = request.asSlice(HEADER_BYTES);
      target.set(ValueLayout.JAVA_LONG, 8, table.sectors()); // the first sector is 0
      target.set(ValueLayout.JAVA_INT, 20, size - HEADER_BYTES);
      target.setString(TARGET_TYPE, VerityTable.TARGET, StandardCharsets.US_ASCII);
      MemorySegment.copy(
          parameters, 0, target, ValueLayout.JAVA_BYTE, TARGET_BYTES, parameters.length);
      send("load a dm-verity table for " + name, LOAD_TABLE, request);
    }
  }

  /** Returns the number of the device. */
  private long resume(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = request(arena, name, 0, HEADER_BYTES);
      send("activate device " + name, SUSPEND_OR_RESUME, request);
      return request.get(ValueLayout.JAVA_LONG, DEVICE);
    }
  }

  /** Removes a device now, or when its last user leaves. */
  private void removeWhenUnused(String name) {
    try (Arena arena = Arena.ofConfined()) {
      send("remove device " + name, REMOVE, request(arena, name, DEFERRED_REMOVE, HEADER_BYTES));
    } catch (ErrnoException e) {
      if (e.errno() != Errno.ENXIO) { // it has gone
        throw e;
      }
    }
  }

  /**
   * Removes all devices whose names begin with {@code prefix}, those in use when their last user
   * leaves: what a process left that was killed while it mounted.
   */
  public void removeUnused(String prefix) {
    names().stream().filter(n -> n.startsWith(prefix)).forEach(this::removeWhenUnused);
  }

  /** Whether dm-verity has met a block on this device that was not what its hash said. */
  public boolean isCorrupted(String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = request(arena, name, 0, STATUS_BYTES);
      send("read the status of device " + name, TABLE_STATUS, request);
      long target = request.get(ValueLayout.JAVA_INT, DATA_START);
      return request.get(ValueLayout.JAVA_INT, TARGET_COUNT) == 1
          && request.getString(target + TARGET_BYTES, StandardCharsets.US_ASCII).startsWith("C");
    } catch (ErrnoException e) {
      if (e.errno() == Errno.ENXIO) {
        return false; // it has gone
      }
      throw e;
    }
  }

  /** The names of all devices of this machine. */
  public List<String> names() {
    for (int size = FIRST_LIST_BYTES; ; size *= 4) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment request = request(arena, "", 0, size);
        send("list the mapped devices", LIST_DEVICES, request);
        if ((request.get(ValueLayout.JAVA_INT, FLAGS) & BUFFER_FULL) == 0) {
          return listed(request);
        }
      }
      if (size > MAX_LIST_BYTES) {
        throw new ErrnoException("list the mapped devices", Errno.ENOBUFS);
      }
    }
  }

  private static List<String> listed(MemorySegment answer) {
    var names = new ArrayList<String>();
    long at = answer.get(ValueLayout.JAVA_INT, DATA_START);
    if (answer.get(ValueLayout.JAVA_LONG, at) == 0) {
      return names; // no device has the number 0
    }
    while (true) {
      names.add(answer.getString(at + LISTED_NAME, StandardCharsets.UTF_8));
      int next = answer.get(ValueLayout.JAVA_INT, at + LISTED_NEXT);
      if (next == 0) {
        return names;
      }
      at += next;
    }
  }

  /** The node in {@code /dev} where somebody keeps one, else one of our own. */
  private Path node(long device) {
    int major = (int) (device >> 8) & 0xfff;
    int minor = (int) (device & 0xff) | (int) (device >> 12) & 0xfff00;
    Path known = Path.of("/dev/dm-" + minor);
    try {
      boolean there = Files.exists(known, LinkOption.NOFOLLOW_LINKS);
      if (there && Files.getAttribute(known, "unix:rdev").equals(device)) {
        return known;
      }
      Path own = scratch.resolve("dm-" + minor);
      Files.deleteIfExists(own);
      SpecialFiles.make(own, BLOCK_DEVICE, major, minor);
      return own;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a node for device " + major + ":" + minor, e);
    }
  }

  private void forget(Path node) {
    try {
      if (node.startsWith(scratch)) {
        Files.deleteIfExists(node);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + node, e);
    }
  }

  private static MemorySegment request(Arena arena, String name, int flags, int size) {
    if (name.length() > MAX_NAME_BYTES) {
      throw new IllegalArgumentException("the name of a device is too long: " + name);
    }
    MemorySegment request = arena.allocate(size, 8); // zeros
    request.set(ValueLayout.JAVA_INT, 0, 4); // version 4.0.0
    request.set(ValueLayout.JAVA_INT, SIZE, size);
    request.set(ValueLayout.JAVA_INT, DATA_START, HEADER_BYTES);
    request.set(ValueLayout.JAVA_INT, FLAGS, flags);
    request.setString(NAME, name, StandardCharsets.US_ASCII);
    return request;
  }

  private void send(String what, int command, MemorySegment request) {
    Native.check(
        what, SyscallNumbers.HERE.ioctl(), control.number(), IOCTL + command, request.address());
  }

  @Override
  public void close() {
    control.close();
  }
}
