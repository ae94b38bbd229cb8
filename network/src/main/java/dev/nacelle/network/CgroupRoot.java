package dev.nacelle.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the cgroup v2 hierarchy is mounted: every process is below its root. */
final class CgroupRoot {
  private CgroupRoot() {}

  static Path find() {
    try (var mounts = Files.lines(Path.of("/proc/self/mountinfo"))) {
      return mounts
          .filter(line -> line.contains(" - cgroup2 "))
          .map(line -> Path.of(line.split(" ")[4]))
          .findFirst()
          .orElseThrow(
              () ->
                  new DatapathException(
                      "cannot balance Services at the socket: no cgroup v2 hierarchy is mounted;"
                          + " mount one: mount -t cgroup2 none /sys/fs/cgroup/unified"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
