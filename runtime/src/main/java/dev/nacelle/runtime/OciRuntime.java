package dev.nacelle.runtime;

import dev.nacelle.kernel.cgroup.CgroupTree;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The program that starts containers, and how it is called on this host.
 *
 * @param joinsFirst the monitor joins the container's cgroups before it executes the program, which
 *     then leaves cgroups alone: 2 to 3 ms faster, and the only way for a crun that refuses hybrid
 *     hierarchies
 */
record OciRuntime(Path program, Flavor flavor, boolean joinsFirst) implements Starter {
  enum Flavor {
    CRUN("crun"),
    RUNC("runc");

    private final String word;

    Flavor(String word) {
      this.word = word;
    }

    String word() {
      return word;
    }
  }

  private static final List<String> PLACES =
      List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");

  /** The best of those installed. */
  static Optional<OciRuntime> find(CgroupTree cgroups) {
    for (Flavor flavor : Flavor.values()) {
      for (String place : PLACES) {
        Path program = Path.of(place, flavor.word());
        if (Files.isExecutable(program)) {
          return Optional.of(of(program, flavor, cgroups));
        }
      }
    }
    return Optional.empty();
  }

  /** A named program; runc by its name, everything else is called as crun. */
  static OciRuntime at(Path program, CgroupTree cgroups) {
    boolean runc =
        program.getFileName() != null && program.getFileName().toString().contains("runc");
    return of(program, runc ? Flavor.RUNC : Flavor.CRUN, cgroups);
  }

  private static OciRuntime of(Path program, Flavor flavor, CgroupTree cgroups) {
    boolean joinsFirst = flavor == Flavor.CRUN && cgroups.version() == CgroupTree.Version.V1;
    return new OciRuntime(program, flavor, joinsFirst);
  }

  List<String> globalArguments() {
    return switch (flavor) {
      case CRUN -> List.of("--cgroup-manager=" + (joinsFirst ? "disabled" : "cgroupfs"));
      case RUNC -> List.of();
    };
  }
}
