package dev.nacelle.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.files.Trees;
import dev.nacelle.kernel.cgroup.CgroupTree;
import dev.nacelle.runtime.BuiltInRuntime;
import dev.nacelle.runtime.SandboxSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A built-in runtime in a directory of its own, whose processes and mounts are gone in the end. */
final class RuntimeFixture implements AutoCloseable {
  private static final AtomicInteger COUNTER = new AtomicInteger();

  private final Path directory;
  private final Path root;
  private final String cgroup;
  private final Optional<Path> ociRuntime;
  private BuiltInRuntime runtime;

  RuntimeFixture() throws Exception {
    this(Optional.empty());
  }

  RuntimeFixture(Optional<Path> ociRuntime) throws Exception {
    this.ociRuntime = ociRuntime;
    directory = Files.createTempDirectory("runtime-test-");
    root = BusyboxRoot.make(directory.resolve("rootfs"));
    cgroup = "nacelle-" + directory.getFileName();
    runtime = openRuntime();
  }

  static void assume() {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "needs root for namespaces and cgroups");
    Assumptions.assumeTrue(BusyboxRoot.missing().isEmpty(), BusyboxRoot.missing());
  }

  private BuiltInRuntime openRuntime() throws InterruptedException {
    return BuiltInRuntime.open(
        new BuiltInRuntime.Options(directory.resolve("node"), 8, ociRuntime),
        InstantSource.system());
  }

  BuiltInRuntime runtime() {
    return runtime;
  }

  Path run() {
    return directory.resolve("node/run");
  }

  Path bin() {
    return directory.resolve("node/bin");
  }

  /** As after a kill and a new start of the platform. */
  void reopen() throws InterruptedException {
    runtime.close();
    runtime = openRuntime();
  }

  Path root() {
    return root;
  }

  void closeRuntime() {
    runtime.close();
  }

  RuntimeRig rig(Set<SandboxSpec.Option> options) {
    String id = "sandbox-" + COUNTER.incrementAndGet();
    return new RuntimeRig(runtime, root, directory, RuntimeRig.sandboxSpec(id, cgroup, options));
  }

  @Override
  public void close() throws Exception {
    runtime.removeEverything();
    CgroupTree.detect().at(cgroup).remove();
    try (Stream<Path> hierarchies = Files.list(Path.of("/sys/fs/cgroup"))) {
      assertThat(hierarchies.map(h -> h.resolve(cgroup)).filter(Files::exists)).isEmpty();
    }
    Trees.delete(directory);
  }
}
