package dev.nacelle.runtime;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What container configurations need to know of the host. */
final class HostFacts {
  private static final Map<String, String> LIMIT_NAMES =
      Map.ofEntries(
          Map.entry("Max cpu time", "RLIMIT_CPU"),
          Map.entry("Max file size", "RLIMIT_FSIZE"),
          Map.entry("Max data size", "RLIMIT_DATA"),
          Map.entry("Max stack size", "RLIMIT_STACK"),
          Map.entry("Max core file size", "RLIMIT_CORE"),
          Map.entry("Max resident set", "RLIMIT_RSS"),
          Map.entry("Max processes", "RLIMIT_NPROC"),
          Map.entry("Max open files", "RLIMIT_NOFILE"),
          Map.entry("Max locked memory", "RLIMIT_MEMLOCK"),
          Map.entry("Max address space", "RLIMIT_AS"),
          Map.entry("Max file locks", "RLIMIT_LOCKS"),
          Map.entry("Max pending signals", "RLIMIT_SIGPENDING"),
          Map.entry("Max msgqueue size", "RLIMIT_MSGQUEUE"),
          Map.entry("Max nice priority", "RLIMIT_NICE"),
          Map.entry("Max realtime priority", "RLIMIT_RTPRIO"),
          Map.entry("Max realtime timeout", "RLIMIT_RTTIME"));
  private static final int NAME_WIDTH = 26;
  private static final int MAX_DEVICES = 512;

  private HostFacts() {}

  /** The hard limits of this process, by RLIMIT_ name; an unlimited one is absent. */
  static Map<String, Long> hardLimits() {
    try {
      return hardLimits(Files.readAllLines(Path.of("/proc/self/limits")));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read /proc/self/limits", e);
    }
  }

  static Map<String, Long> hardLimits(List<String> lines) {
    var result = new HashMap<String, Long>();
    for (String line : lines) {
      if (line.length() <= NAME_WIDTH) {
        continue;
      }
      String name = LIMIT_NAMES.get(line.substring(0, NAME_WIDTH).strip());
      String[] values = line.substring(NAME_WIDTH).strip().split("\\s+");
      if (name != null && values.length >= 2 && values[1].chars().allMatch(Character::isDigit)) {
        result.put(name, Long.parseLong(values[1]));
      }
    }
    return Map.copyOf(result);
  }

  /** The device nodes of the host, for privileged containers. */
  static List<Device> devices() {
    var result = new ArrayList<Device>();
    try (Stream<Path> paths = Files.walk(Path.of("/dev"), 2)) {
      paths.limit(MAX_DEVICES).forEach(path -> addDevice(path, result));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list /dev", e);
    }
    return List.copyOf(result);
  }

  private static void addDevice(Path path, List<Device> devices) {
    if (path.startsWith("/dev/pts") || path.startsWith("/dev/shm") || Files.isSymbolicLink(path)) {
      return;
    }
    try {
      Map<String, Object> attributes = Files.readAttributes(path, "unix:mode,rdev,uid,gid");
      int mode = (int) number(attributes, "mode");
      long rdev = number(attributes, "rdev");
      int format = mode & 0170000;
      if (format != 0020000 && format != 0060000) {
        return;
      }
      devices.add(
          new Device(
              path.toString(),
              format == 0020000 ? Device.Type.CHARACTER : Device.Type.BLOCK,
              rdev >> 8 & 0xfff | rdev >> 32 & ~0xfffL,
              rdev & 0xff | rdev >> 12 & ~0xffL,
              mode & 07777,
              number(attributes, "uid"),
              number(attributes, "gid"),
              "rwm"));
    } catch (IOException e) {
      // devices come and go; one that vanished is not given
      return;
    }
  }

  private static long number(Map<String, Object> attributes, String name) {
    return attributes.get(name) instanceof Number n ? n.longValue() : 0;
  }
}
