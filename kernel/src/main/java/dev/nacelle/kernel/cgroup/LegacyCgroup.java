package dev.nacelle.kernel.cgroup;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** A cgroup of version 1: one directory a controller, and one in the version 2 tree beside them. */
final class LegacyCgroup implements Cgroup {
  private static final Path NOWHERE = Path.of("/nonexistent");

  /** "No limit" is a number close to the largest. */
  private static final long NO_MEMORY_LIMIT = Long.MAX_VALUE / 2;

  private final Map<String, Path> controllers;
  private final Optional<Path> unified;
  private final List<Path> directories;
  private final List<Path> ofRuntimes;

  /**
   * @param ofRuntimes where an OCI runtime may have made it too: only removed
   */
  LegacyCgroup(Map<String, Path> controllers, Optional<Path> unified, List<Path> ofRuntimes) {
    this.ofRuntimes = ofRuntimes;
    this.controllers = controllers;
    this.unified = unified;
    var all = new ArrayList<>(controllers.values());
    unified.ifPresent(all::add);
    this.directories = all.stream().distinct().toList();
  }

  private Path in(String controller, String file) {
    return controllers.getOrDefault(controller, NOWHERE).resolve(file);
  }

  @Override
  public void create() {
    directories.forEach(ControlFile::makeDirectory);
  }

  @Override
  public void limit(CgroupLimits limits) {
    limits
        .cpuShares()
        .ifPresent(
            shares -> ControlFile.writeIfPresent(in("cpu", "cpu.shares"), Long.toString(shares)));
    Path quota = in("cpu", "cpu.cfs_quota_us");
    ControlFile.writeIfPresent(
        in("cpu", "cpu.cfs_period_us"), Long.toString(limits.cpuPeriodMicros()));
    ControlFile.writeIfPresent(quota, Long.toString(limits.cpuQuotaMicros().orElse(-1)));
    ControlFile.writeIfPresent(
        in("memory", "memory.limit_in_bytes"), Long.toString(limits.memoryBytes().orElse(-1)));
    ControlFile.writeIfPresent(
        in("pids", "pids.max"),
        limits.pids().isPresent() ? Long.toString(limits.pids().getAsLong()) : "max");
  }

  @Override
  public boolean restrictDevices(List<String> rules) {
    Path allow = in("devices", "devices.allow");
    if (!Files.exists(allow)) {
      unified.ifPresent(directory -> DeviceProgram.attach(directory, rules));
      return unified.isPresent();
    }
    ControlFile.write(in("devices", "devices.deny"), "a");
    rules.forEach(rule -> ControlFile.write(allow, rule));
    return true;
  }

  @Override
  public void remove() {
    for (Path directory : directories) {
      ControlFile.removeTree(directory, () -> ControlFile.killAll(directory));
    }
    ofRuntimes.forEach(directory -> ControlFile.removeTree(directory, () -> {}));
  }

  @Override
  public void prune() {
    directories.forEach(ControlFile::deleteIfEmpty);
    ofRuntimes.forEach(ControlFile::deleteIfEmpty);
  }

  @Override
  public Optional<CgroupStats> stats() {
    OptionalLong cpu = ControlFile.number(in("cpuacct", "cpuacct.usage"));
    OptionalLong usage = ControlFile.number(in("memory", "memory.usage_in_bytes"));
    if (cpu.isEmpty() && usage.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Long> memory = ControlFile.numbers(in("memory", "memory.stat"));
    OptionalLong limit = ControlFile.number(in("memory", "memory.limit_in_bytes"));
    long used = usage.orElse(0);
    return Optional.of(
        new CgroupStats(
            cpu.orElse(0),
            used,
            Math.max(0, used - memory.getOrDefault("total_inactive_file", 0L)),
            memory.getOrDefault("total_rss", 0L),
            limit.isPresent() && limit.getAsLong() < NO_MEMORY_LIMIT ? limit : OptionalLong.empty(),
            memory.getOrDefault("total_pgfault", 0L),
            memory.getOrDefault("total_pgmajfault", 0L),
            ControlFile.number(in("pids", "pids.current")).orElse(0)));
  }

  @Override
  public List<Path> directories() {
    return directories;
  }

  @Override
  public Optional<Path> unifiedDirectory() {
    return unified;
  }

  @Override
  public Path oomFile() {
    return in("memory", "memory.oom_control");
  }

  @Override
  public Path procsFile() {
    return controllers
        .getOrDefault("pids", controllers.values().iterator().next())
        .resolve("cgroup.procs");
  }
}
