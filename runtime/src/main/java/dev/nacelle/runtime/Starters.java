package dev.nacelle.runtime;

import dev.nacelle.kernel.cgroup.CgroupTree;
import dev.nacelle.runtime.ContainerRuntimeException.Reason;
import java.util.Optional;

/**
 * Chooses what starts a container: the monitor itself where it can do all that is asked, else an
 * OCI runtime. Safe for any thread.
 */
final class Starters {
  private final KeeperLink keeper;
  private final CgroupTree cgroups;
  private final Optional<OciRuntime> forced;
  private final Optional<OciRuntime> installed;

  /**
   * @param forced for every container
   * @param installed for what is not done natively
   */
  Starters(
      KeeperLink keeper,
      CgroupTree cgroups,
      Optional<OciRuntime> forced,
      Optional<OciRuntime> installed) {
    this.keeper = keeper;
    this.cgroups = cgroups;
    this.forced = forced;
    this.installed = installed;
  }

  Starter of(ContainerSpec spec) throws InterruptedException {
    if (forced.isPresent()) {
      return forced.get();
    }
    if (isNative() && isSimple(spec)) {
      return new Starter.Native();
    }
    return installed.orElseThrow(
        () ->
            new ContainerRuntimeException(
                Reason.FAILED,
                "cannot create container "
                    + spec.id()
                    + ": it needs crun or runc, and neither is installed; install crun"));
  }

  /** Whether the kernel lets monitors start containers. */
  boolean isNative() throws InterruptedException {
    return keeper.client().startsContainers() && cgroups.restrictsDevices();
  }

  Optional<OciRuntime> forced() {
    return forced;
  }

  Optional<OciRuntime> installed() {
    return installed;
  }

  private static boolean isSimple(ContainerSpec spec) {
    return spec.seccomp().isEmpty() || spec.privileged();
  }
}
