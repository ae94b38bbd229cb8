package dev.nacelle.runtime;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One mount of a container in the words of the OCI Runtime Specification, which the native starter
 * understands too.
 *
 * @param options of mount(8), and those of the file system
 */
record MountEntry(String type, String source, String target, List<String> options) {
  MountEntry {
    options = List.copyOf(options);
  }

  /** All mounts of a container in the order they are made: the standard ones, then the given. */
  static List<MountEntry> all(ContainerSpec spec) {
    var given = new HashSet<String>();
    spec.mounts().forEach(m -> given.add(m.target()));
    var result = new ArrayList<MountEntry>();
    for (MountEntry entry : standard(spec.privileged() ? "rw" : "ro")) {
      if (!given.contains(entry.target())) {
        result.add(entry);
      }
    }
    // a mount below another one comes after it, whatever the order they were given in
    spec.mounts().stream()
        .sorted((a, b) -> Integer.compare(depth(a.target()), depth(b.target())))
        .map(MountEntry::of)
        .forEach(result::add);
    return result;
  }

  /** Whether mounts of the container are to be seen on the host. */
  static boolean anyShared(ContainerSpec spec) {
    return spec.mounts().stream()
        .anyMatch(
            m -> m instanceof Mount.Bind b && b.propagation() == Mount.Propagation.BIDIRECTIONAL);
  }

  private static List<MountEntry> standard(String mode) {
    return List.of(
        entry("proc", "proc", "/proc", "nosuid", "noexec", "nodev"),
        entry("tmpfs", "tmpfs", "/dev", "nosuid", "strictatime", "mode=755", "size=65536k"),
        entry(
            "devpts",
            "devpts",
            "/dev/pts",
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "gid=5"),
        entry("tmpfs", "shm", "/dev/shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"),
        entry("mqueue", "mqueue", "/dev/mqueue", "nosuid", "noexec", "nodev"),
        entry("sysfs", "sysfs", "/sys", "nosuid", "noexec", "nodev", mode),
        entry("cgroup", "cgroup", "/sys/fs/cgroup", "nosuid", "noexec", "nodev", "relatime", mode));
  }

  private static int depth(String path) {
    return Path.of(path).normalize().getNameCount();
  }

  private static MountEntry entry(String type, String source, String target, String... options) {
    return new MountEntry(type, source, target, List.of(options));
  }

  private static MountEntry of(Mount mount) {
    return switch (mount) {
      case Mount.Bind bind -> {
        var options = flags(bind.options());
        options.add(bind.options().contains(Mount.Option.RECURSIVE) ? "rbind" : "bind");
        options.add(
            switch (bind.propagation()) {
              case NONE -> "rprivate";
              case HOST_TO_CONTAINER -> "rslave";
              case BIDIRECTIONAL -> "rshared";
            });
        yield new MountEntry("bind", bind.source().toString(), bind.target(), options);
      }
      case Mount.Tmpfs tmpfs -> {
        var options = flags(tmpfs.options());
        options.add("mode=" + Integer.toOctalString(tmpfs.mode()));
        tmpfs.sizeBytes().ifPresent(size -> options.add("size=" + size));
        yield new MountEntry("tmpfs", "tmpfs", tmpfs.target(), options);
      }
    };
  }

  private static List<String> flags(Set<Mount.Option> options) {
    var words = new ArrayList<String>();
    words.add(options.contains(Mount.Option.READ_ONLY) ? "ro" : "rw");
    if (options.contains(Mount.Option.NO_EXEC)) {
      words.add("noexec");
    }
    if (options.contains(Mount.Option.NO_SUID)) {
      words.add("nosuid");
    }
    if (options.contains(Mount.Option.NO_DEV)) {
      words.add("nodev");
    }
    return words;
  }
}
