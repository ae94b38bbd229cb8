package dev.nacelle.app;

import dev.nacelle.base.files.Trees;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.image.LocalImageStore;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.kernel.cgroup.Cgroup;
import dev.nacelle.kernel.cgroup.CgroupTree;
import dev.nacelle.kernel.keeper.LazySupport;
import dev.nacelle.kernel.lazy.PreContent;
import dev.nacelle.kernel.mount.Mounts;
import dev.nacelle.kernel.process.Poller;
import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathConfig;
import dev.nacelle.network.EbpfDatapath;
import dev.nacelle.network.Ipv4Range;
import dev.nacelle.node.NodeConfig;
import dev.nacelle.runtime.BuiltInRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Releases everything that an instance holds in the kernel, while its platform does not run. */
final class Release {
  private Release() {}

  static void run(Layout layout) throws StartException, IOException, InterruptedException {
    Instance instance = Instance.of(layout, new UpOptions());
    try (var registries = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
        LocalImageStore images =
            LocalImageStore.open(layout.node(), registries, Clock.systemUTC())) {
      BuiltInRuntime runtime =
          BuiltInRuntime.open(BuiltInRuntime.Options.at(layout.node()), Clock.systemUTC());
      runtime.removeContainers();
      images.mountedContainers().forEach(images::unmount);
      images.unmountIdleLayers();
      endLazyReads(runtime);
      runtime.removeEverything();
      removeCgroups(instance.key());
    }
    Datapath datapath =
        EbpfDatapath.open(
            DatapathConfig.of(
                instance.key(),
                layout.node().resolve("network"),
                instance.podRange(),
                instance.serviceRange(),
                Ipv4Range.parse(instance.podRange().first() + "/21"),
                HostAddress.find(Optional.empty())));
    datapath.release();
    unmountBelow(layout.node().resolve("memory"));
    instance.free();
  }

  /** Nothing mounts the files any more; what has come of them stays on the disk. */
  private static void endLazyReads(BuiltInRuntime runtime) throws InterruptedException {
    if (runtime.lazySupport() instanceof LazySupport.Available) {
      try (Poller poller = Poller.open()) {
        PreContent.discardAll(poller, runtime.runDirectory());
      }
    }
  }

  /** Also of pods that are gone, or that a crash left without a record. */
  private static void removeCgroups(String instance) {
    CgroupTree cgroups = CgroupTree.detect();
    Cgroup own = cgroups.at(NodeConfig.cgroup(instance));
    own.remove();
    Optional.ofNullable(Path.of(NodeConfig.cgroup(instance)).getParent())
        .ifPresent(shared -> cgroups.at(shared.toString()).prune());
  }

  private static void unmountBelow(Path root) throws IOException {
    List<Path> mounts;
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/mountinfo"))) {
      mounts =
          lines
              .map(l -> Path.of(l.split(" ", 6)[4]))
              .filter(p -> p.startsWith(root))
              .sorted(Comparator.reverseOrder())
              .toList();
    }
    mounts.forEach(Mounts::detach);
  }

  /** What this host offers, looked at through a directory that is thrown away. */
  static List<String> doctor() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("nacelle-doctor");
    BuiltInRuntime runtime =
        BuiltInRuntime.open(
            new BuiltInRuntime.Options(directory, 0, Optional.empty()), Clock.systemUTC());
    try (var registries = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);
        LocalImageStore images =
            LocalImageStore.open(
                directory, registries, HostWiring.lazyReading(runtime), Clock.systemUTC())) {
      return Doctor.lines(new HostWiring.HostParts(runtime, images));
    } finally {
      runtime.removeEverything();
      Trees.delete(directory);
    }
  }
}
