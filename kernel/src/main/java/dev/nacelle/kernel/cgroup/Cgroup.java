package dev.nacelle.kernel.cgroup;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One cgroup, in all hierarchies. Calls are idempotent and throw {@link
 * java.io.UncheckedIOException} when the kernel refuses; safe for any thread.
 */
public sealed interface Cgroup permits LegacyCgroup, UnifiedCgroup {
  /** Makes it and its parents, with the controllers enabled. */
  void create();

  /** Sets the limits, widening before narrowing; a missing controller is passed over. */
  void limit(CgroupLimits limits);

  /**
   * Restricts devices to {@code rules}, written as in version 1 ({@code "c 1:3 rwm"}); on version 2
   * by a BPF program.
   *
   * @return false where there is neither a devices controller nor a version 2 tree
   */
  boolean restrictDevices(List<String> rules);

  /** Kills what is in it, and removes it and the cgroups below; success if it is not there. */
  void remove();

  /** Removes it where it is empty, and leaves it otherwise. */
  void prune();

  /** Empty if it is not there. */
  Optional<CgroupStats> stats();

  /** A process joins by writing its id to {@code cgroup.procs} of each. */
  List<Path> directories();

  /** That of the version 2 tree, where there is one: a process can be cloned into it. */
  Optional<Path> unifiedDirectory();

  /** The file whose line {@code oom_kill N} counts kills for memory. */
  Path oomFile();

  /** The file that lists the processes. */
  Path procsFile();
}
