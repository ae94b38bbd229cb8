package dev.nacelle.kernel.cgroup;

import dev.nacelle.kernel.Native;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The host's cgroup hierarchies. Version 2 where its tree has the controllers, else version 1,
 * there with the version 2 tree beside it where one is mounted (a hybrid: cgroup BPF needs it).
 * Immutable; safe for any thread.
 */
public final class CgroupTree {
  /** Joined on version 1; cpuset would need its memory nodes set first and limits nothing here. */
  private static final List<String> V1_CONTROLLERS =
      List.of("cpu", "cpuacct", "memory", "pids", "devices", "freezer");

  private static final List<String> V2_CONTROLLERS = List.of("cpu", "memory", "pids");
  private static final int MOUNT = System.getProperty("os.arch").equals("aarch64") ? 40 : 165;
  private static final int MS_REMOUNT = 32;

  /** Which version limits containers. */
  public enum Version {
    V1,
    V2
  }

  private final Version version;
  private final Map<String, Path> controllers;
  private final Optional<Path> unified;

  /** Version 1 hierarchies that we do not join; an OCI runtime joins every one. */
  private final List<Path> others;

  private CgroupTree(
      Version version,
      Map<String, Path> controllers,
      Optional<Path> unified,
      Collection<Path> others) {
    this.version = version;
    this.controllers = controllers;
    this.unified = unified;
    this.others = List.copyOf(others);
  }

  /**
   * Finds the hierarchies of this mount namespace.
   *
   * @throws IllegalStateException if there are none
   */
  public static CgroupTree detect() {
    try {
      return parse(Files.readAllLines(Path.of("/proc/self/mountinfo")));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read /proc/self/mountinfo", e);
    }
  }

  static CgroupTree parse(List<String> mountInfo) {
    var controllers = new LinkedHashMap<String, Path>();
    var others = new LinkedHashSet<Path>();
    Optional<Path> unified = Optional.empty();
    for (String line : mountInfo) {
      String[] halves = line.split(" - ", 2);
      String[] left = halves[0].split(" ");
      String[] right = halves.length == 2 ? halves[1].split(" ") : new String[0];
      if (right.length < 3 || left.length < 5) {
        continue;
      }
      Path at = Path.of(left[4]);
      if (right[0].equals("cgroup2")) {
        unified = unified.isPresent() ? unified : Optional.of(at);
      } else if (right[0].equals("cgroup")) {
        others.add(at);
        for (String option : right[2].split(",")) {
          if (V1_CONTROLLERS.contains(option)) {
            controllers.putIfAbsent(option, at);
          }
        }
      }
    }
    others.removeAll(controllers.values());
    if (controllers.containsKey("memory") || controllers.containsKey("cpu")) {
      return new CgroupTree(Version.V1, Map.copyOf(controllers), unified, others);
    }
    if (unified.isPresent()) {
      return new CgroupTree(Version.V2, Map.of(), unified, others);
    }
    throw new IllegalStateException(
        "cannot find cgroups: neither cgroup nor cgroup2 is mounted; mount one at /sys/fs/cgroup");
  }

  public Version version() {
    return version;
  }

  /** The version 2 tree, also where version 1 limits. */
  public Optional<Path> unified() {
    return unified;
  }

  /** True if version 1 controllers and a version 2 tree are mounted together. */
  public boolean isHybrid() {
    return version == Version.V1 && unified.isPresent();
  }

  /** Whether {@link Cgroup#restrictDevices} works. */
  public boolean restrictsDevices() {
    return controllers.containsKey("devices")
        || (unified.isPresent() && DeviceProgram.isPossible());
  }

  /**
   * Makes moves into cgroups fast for the whole host (remount with {@code favordynmods}; the switch
   * is global, one tree is enough).
   *
   * @return whether the kernel took it
   */
  public boolean favourMoves() {
    Path at = unified.orElseGet(() -> controllers.values().iterator().next());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocateFrom(at.toString());
      MemorySegment data = arena.allocateFrom("favordynmods");
      return Native.call(MOUNT, 0, target.address(), 0, MS_REMOUNT, data.address()) == 0;
    }
  }

  /** The cgroup at a path below the root, with or without a leading slash; made by its methods. */
  public Cgroup at(String path) {
    String relative = path.startsWith("/") ? path.substring(1) : path;
    if (relative.isEmpty() || ("/" + relative + "/").contains("/../")) {
      throw new IllegalArgumentException("cannot use '" + path + "' as a cgroup");
    }
    if (version == Version.V2) {
      return new UnifiedCgroup(unified.orElseThrow(), relative, V2_CONTROLLERS);
    }
    var directories = new LinkedHashMap<String, Path>();
    for (String controller : V1_CONTROLLERS) {
      Path root = controllers.get(controller);
      if (root != null) {
        directories.put(controller, root.resolve(relative));
      }
    }
    return new LegacyCgroup(
        directories,
        unified.map(root -> root.resolve(relative)),
        others.stream().map(root -> root.resolve(relative)).toList());
  }
}
