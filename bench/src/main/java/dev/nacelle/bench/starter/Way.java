package dev.nacelle.bench.starter;

import dev.nacelle.bench.report.Samples;
import dev.nacelle.runtime.BuiltInRuntime;
import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.LogFile;
import dev.nacelle.runtime.Resources;
import dev.nacelle.runtime.RuntimeEvents;
import dev.nacelle.runtime.SandboxSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One way to start containers: a runtime of its own with one sandbox. For one thread. */
final class Way implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final String name;
  private final Path directory;
  private final Path root;
  private final BuiltInRuntime runtime;
  private final RuntimeEvents events;
  private final Samples executed = new Samples();
  private final Samples output = new Samples();
  private final Samples returned = new Samples();
  private int counter;

  Way(String name, Path work, Path root, Optional<Path> ociRuntime) throws InterruptedException {
    this.name = name;
    this.directory = work.resolve(name);
    this.root = root;
    runtime =
        BuiltInRuntime.open(
            new BuiltInRuntime.Options(directory, 1, ociRuntime), InstantSource.system());
    events = runtime.events();
    runtime.ensureSandbox(
        new SandboxSpec(
            "sandbox",
            "host",
            Set.of(),
            Map.of(),
            "nacelle-" + work.getFileName() + "-" + name + "/sandbox",
            Resources.UNLIMITED,
            Map.of()));
  }

  String name() {
    return name;
  }

  Samples executed() {
    return executed;
  }

  Samples output() {
    return output;
  }

  Samples returned() {
    return returned;
  }

  void start(boolean counted) throws InterruptedException {
    String id = "c" + counter++;
    ContainerSpec spec =
        ContainerSpec.builder(
                id,
                "sandbox",
                root,
                List.of("/bin/busybox", "echo", "first"),
                LogFile.at(directory.resolve("logs").resolve(id)))
            .env(Map.of("PATH", "/bin"))
            .build();
    Instant begin = Instant.now();
    runtime.runContainer(spec);
    Instant end = Instant.now();
    ContainerStatus status = ended(id);
    if (counted) {
      executed.add(millis(begin, status.startedAt().orElse(end)));
      output.add(millis(begin, status.firstOutputAt().orElse(end)));
      returned.add(millis(begin, end));
    }
    runtime.removeContainer(id);
  }

  private ContainerStatus ended(String id) throws InterruptedException {
    Instant end = Instant.now().plus(PATIENCE);
    while (Instant.now().isBefore(end)) {
      ContainerStatus status = runtime.container(id).orElseThrow();
      if (status.exit().isPresent()) {
        return status;
      }
      events.next(Duration.ofMillis(100));
    }
    throw new IllegalStateException("container " + id + " of " + name + " does not end");
  }

  private static double millis(Instant from, Instant to) {
    return Duration.between(from, to).toNanos() / 1e6;
  }

  @Override
  public void close() {
    events.close();
    runtime.removeEverything();
  }
}
