package dev.nacelle.runtime;

import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Set;

/** One mount in a container. A missing target is made. */
public sealed interface Mount {
  /** Absolute, in the container. */
  String target();

  /** A file or directory of the host. */
  record Bind(Path source, String target, Set<Option> options, Propagation propagation)
      implements Mount {
    public Bind {
      options = Set.copyOf(options);
      absolute(target);
    }
  }

  /** An empty memory file system. */
  record Tmpfs(String target, OptionalLong sizeBytes, int mode, Set<Option> options)
      implements Mount {
    public Tmpfs {
      options = Set.copyOf(options);
      absolute(target);
    }
  }

  /** Flags of mount(2). */
  enum Option {
    READ_ONLY,
    NO_EXEC,
    NO_SUID,
    NO_DEV,
    /** A bind includes the mounts below its source. */
    RECURSIVE
  }

  /** How later mounts pass between host and container. */
  enum Propagation {
    NONE,
    HOST_TO_CONTAINER,
    BIDIRECTIONAL
  }

  private static void absolute(String target) {
    if (!target.startsWith("/") || (target + "/").contains("/../")) {
      throw new IllegalArgumentException("cannot mount on '" + target + "': want an absolute path");
    }
  }
}
