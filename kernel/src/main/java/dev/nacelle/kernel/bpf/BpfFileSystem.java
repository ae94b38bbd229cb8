package dev.nacelle.kernel.bpf;

import dev.nacelle.kernel.Native;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file system where pinned objects outlive their makers. Names there have no dots. */
public final class BpfFileSystem {
  private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");
  private static final long NR_STATFS = ARM ? 43 : 137;
  private static final long NR_MOUNT = ARM ? 40 : 165;
  private static final long MAGIC = 0xcafe4a11L;
  private static final int STATFS_SIZE = 120;

  private BpfFileSystem() {}

  /** Mounts it there unless it is; the directory must exist. */
  public static void ensureMounted(Path directory) {
    if (isMounted(directory)) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      Native.check(
          "mount the bpf file system on " + directory,
          NR_MOUNT,
          arena.allocateFrom("bpf").address(),
          arena.allocateFrom(directory.toString()).address(),
          arena.allocateFrom("bpf").address(),
          0,
          arena.allocateFrom("mode=0700").address());
    }
  }

  private static boolean isMounted(Path directory) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment statistics = arena.allocate(STATFS_SIZE, 8);
      Native.check(
          "look at " + directory,
          NR_STATFS,
          arena.allocateFrom(directory.toString()).address(),
          statistics.address());
      return statistics.get(ValueLayout.JAVA_LONG, 0) == MAGIC;
    }
  }

  /** Removes a directory and all pins below; an absent one is no error. */
  public static void remove(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (var children = Files.list(directory)) {
      for (Path child : children.toList()) {
        if (Files.isDirectory(child)) {
          remove(child);
        } else {
          Files.delete(child);
        }
      }
    }
    Files.delete(directory);
  }
}
