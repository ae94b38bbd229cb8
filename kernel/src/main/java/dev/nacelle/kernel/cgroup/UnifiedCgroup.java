package dev.nacelle.kernel.cgroup;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** A cgroup of version 2. */
final class UnifiedCgroup implements Cgroup {
  private final Path root;
  private final Path directory;
  private final List<String> controllers;

  UnifiedCgroup(Path root, String path, List<String> controllers) {
    this.root = root;
    this.directory = root.resolve(path);
    this.controllers = controllers;
  }

  @Override
  public void create() {
    Path at = root;
    for (Path step : root.relativize(directory)) {
      for (String controller : controllers) {
        // one that the kernel lacks, or that is not delegated, is passed over: limit() tells
        ControlFile.tryWrite(at.resolve("cgroup.subtree_control"), "+" + controller);
      }
      at = at.resolve(step);
      ControlFile.makeDirectory(at);
    }
  }

  @Override
  public void limit(CgroupLimits limits) {
    limits
        .cpuShares()
        .ifPresent(
            shares ->
                ControlFile.writeIfPresent(
                    directory.resolve("cpu.weight"), Long.toString(weight(shares))));
    ControlFile.writeIfPresent(
        directory.resolve("cpu.max"),
        word(limits.cpuQuotaMicros()) + " " + limits.cpuPeriodMicros());
    ControlFile.writeIfPresent(directory.resolve("memory.max"), word(limits.memoryBytes()));
    ControlFile.writeIfPresent(directory.resolve("pids.max"), word(limits.pids()));
  }

  /** The translation of KEP-2254: 2 to 262,144 shares onto 1 to 10,000. */
  static long weight(long shares) {
    long bounded = Math.clamp(shares, 2, 262_144);
    return 1 + (bounded - 2) * 9_999 / 262_142;
  }

  private static String word(OptionalLong limit) {
    return limit.isPresent() ? Long.toString(limit.getAsLong()) : "max";
  }

  @Override
  public boolean restrictDevices(List<String> rules) {
    DeviceProgram.attach(directory, rules);
    return true;
  }

  @Override
  public void remove() {
    ControlFile.removeTree(
        directory, () -> ControlFile.tryWrite(directory.resolve("cgroup.kill"), "1"));
  }

  @Override
  public void prune() {
    ControlFile.deleteIfEmpty(directory);
  }

  @Override
  public Optional<CgroupStats> stats() {
    if (!Files.exists(directory)) {
      return Optional.empty();
    }
    Map<String, Long> cpu = ControlFile.numbers(directory.resolve("cpu.stat"));
    Map<String, Long> memory = ControlFile.numbers(directory.resolve("memory.stat"));
    long used = ControlFile.number(directory.resolve("memory.current")).orElse(0);
    return Optional.of(
        new CgroupStats(
            cpu.getOrDefault("usage_usec", 0L) * 1_000,
            used,
            Math.max(0, used - memory.getOrDefault("inactive_file", 0L)),
            memory.getOrDefault("anon", 0L),
            ControlFile.number(directory.resolve("memory.max")),
            memory.getOrDefault("pgfault", 0L),
            memory.getOrDefault("pgmajfault", 0L),
            ControlFile.number(directory.resolve("pids.current")).orElse(0)));
  }

  @Override
  public List<Path> directories() {
    return List.of(directory);
  }

  @Override
  public Optional<Path> unifiedDirectory() {
    return Optional.of(directory);
  }

  @Override
  public Path oomFile() {
    return directory.resolve("memory.events");
  }

  @Override
  public Path procsFile() {
    return directory.resolve("cgroup.procs");
  }
}
