package dev.nacelle.runtime;

import dev.nacelle.kernel.cgroup.CgroupLimits;
import dev.nacelle.kernel.cgroup.CgroupTree;
import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.runtime.SandboxSpec.Option;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** The sandboxes of this host. Safe for any thread; one sandbox is made by one thread at a time. */
final class Sandboxes {
  private static final String FILE = "sandbox.json";

  private final RunDirectory directory;
  private final KeeperLink keeper;
  private final CgroupTree cgroups;
  private final InstantSource clock;
  private final Map<String, SandboxRecord> records = new ConcurrentHashMap<>();
  private final Map<String, Object> locks = new ConcurrentHashMap<>();

  Sandboxes(RunDirectory directory, KeeperLink keeper, CgroupTree cgroups, InstantSource clock) {
    this.directory = directory;
    this.keeper = keeper;
    this.cgroups = cgroups;
    this.clock = clock;
  }

  /** Reads what an earlier process left. */
  void load() {
    for (String id : directory.sandboxes()) {
      RunDirectory.read(directory.sandbox(id).resolve(FILE))
          .map(SandboxRecord::of)
          .filter(sandbox -> sandbox.id().equals(id))
          .ifPresent(sandbox -> records.put(id, sandbox));
    }
  }

  SandboxStatus ensure(SandboxSpec spec) throws InterruptedException {
    synchronized (locks.computeIfAbsent(spec.id(), id -> new Object())) {
      SandboxRecord found = records.get(spec.id());
      if (found == null) {
        found = make(spec);
      }
      return status(found);
    }
  }

  private SandboxRecord make(SandboxSpec spec) throws InterruptedException {
    var cgroup = cgroups.at(spec.cgroupParent());
    cgroup.create();
    cgroup.limit(limits(spec.resources()));
    Set<KeeperClient.Namespace> namespaces = namespaces(spec.options());
    if (!namespaces.isEmpty()) {
      var sysctls = new TreeMap<String, String>();
      spec.sysctls().forEach((name, value) -> sysctls.put(name.replace('.', '/'), value));
      keeper.client().ensureSandbox(spec.id(), namespaces, spec.hostname(), sysctls);
    }
    var made =
        new SandboxRecord(
            spec.id(),
            spec.options(),
            spec.cgroupParent(),
            spec.labels(),
            clock.instant(),
            directory.bootId(),
            false);
    store(made);
    return made;
  }

  private void store(SandboxRecord sandbox) {
    Path at = directory.sandbox(sandbox.id());
    try {
      Files.createDirectories(at);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + at, e);
    }
    RunDirectory.write(at.resolve(FILE), sandbox.toJson());
    records.put(sandbox.id(), sandbox);
  }

  private static Set<KeeperClient.Namespace> namespaces(Set<Option> options) {
    var result = EnumSet.noneOf(KeeperClient.Namespace.class);
    if (!options.contains(Option.HOST_NETWORK)) {
      result.add(KeeperClient.Namespace.NETWORK);
      result.add(KeeperClient.Namespace.UTS);
    }
    if (!options.contains(Option.HOST_IPC)) {
      result.add(KeeperClient.Namespace.IPC);
    }
    if (options.contains(Option.SHARE_PROCESS_NAMESPACE)) {
      result.add(KeeperClient.Namespace.PID);
    }
    return result;
  }

  /** For an OCI configuration: type to path, an empty path for a new one. */
  Map<String, Optional<Path>> ociNamespaces(SandboxRecord sandbox) {
    Set<KeeperClient.Namespace> own = namespaces(sandbox.options());
    var result = new LinkedHashMap<String, Optional<Path>>();
    if (own.contains(KeeperClient.Namespace.NETWORK)) {
      result.put("network", Optional.of(directory.pin(sandbox.id(), "net")));
      result.put("uts", Optional.of(directory.pin(sandbox.id(), "uts")));
    }
    if (own.contains(KeeperClient.Namespace.IPC)) {
      result.put("ipc", Optional.of(directory.pin(sandbox.id(), "ipc")));
    }
    if (own.contains(KeeperClient.Namespace.PID)) {
      result.put("pid", Optional.of(directory.pin(sandbox.id(), "pid")));
    } else if (!sandbox.options().contains(Option.HOST_PID)) {
      result.put("pid", Optional.empty());
    }
    result.put("mount", Optional.empty());
    result.put("cgroup", Optional.empty());
    return result;
  }

  void stop(String id) {
    SandboxRecord found = records.get(id);
    if (found != null && !found.stopped()) {
      store(found.withStopped());
    }
  }

  void remove(String id) throws InterruptedException {
    synchronized (locks.computeIfAbsent(id, key -> new Object())) {
      SandboxRecord found = records.get(id);
      if (found != null) {
        keeper.client().removeSandbox(id);
        cgroups.at(found.cgroupParent()).remove();
        RunDirectory.delete(directory.sandbox(id));
        records.remove(id);
      }
    }
    locks.remove(id);
  }

  Optional<SandboxRecord> record(String id) {
    return Optional.ofNullable(records.get(id));
  }

  List<SandboxStatus> all() {
    return records.values().stream().map(this::status).toList();
  }

  SandboxStatus status(SandboxRecord sandbox) {
    boolean network = !sandbox.options().contains(Option.HOST_NETWORK);
    Path pin = directory.pin(sandbox.id(), "net");
    boolean ready =
        !sandbox.stopped()
            && sandbox.bootId().equals(directory.bootId())
            && (!network || Files.exists(pin));
    return new SandboxStatus(
        sandbox.id(),
        ready ? SandboxStatus.State.READY : SandboxStatus.State.NOT_READY,
        network ? Optional.of(pin) : Optional.empty(),
        sandbox.createdAt(),
        sandbox.labels());
  }

  /** The cgroups above the sandboxes' own, deepest first. */
  List<String> cgroupAncestors() {
    return records.values().stream()
        .map(SandboxRecord::cgroupParent)
        .flatMap(
            path ->
                Stream.iterate(Path.of(path).getParent(), Objects::nonNull, Path::getParent)
                    .map(Path::toString))
        .distinct()
        .sorted(Comparator.comparing(String::length).reversed())
        .toList();
  }

  static CgroupLimits limits(Resources resources) {
    return new CgroupLimits(
        resources.cpuShares(),
        resources.cpuQuotaMicros(),
        resources.cpuPeriodMicros(),
        resources.memoryBytes(),
        resources.pids());
  }
}
