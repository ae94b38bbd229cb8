package dev.nacelle.testkit.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.LogFile;
import dev.nacelle.runtime.Resources;
import dev.nacelle.runtime.RuntimeEvent;
import dev.nacelle.runtime.RuntimeEvents;
import dev.nacelle.runtime.SandboxSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** One sandbox of a runtime under test, and short ways to run things in it. */
public final class RuntimeRig {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final AtomicInteger COUNTER = new AtomicInteger();

  private final ContainerRuntime runtime;
  private final Path root;
  private final Path directory;
  private final String sandbox;

  /**
   * @param root file system of the containers
   * @param directory for logs
   */
  public RuntimeRig(ContainerRuntime runtime, Path root, Path directory, String cgroup) {
    this(runtime, root, directory, sandboxSpec("sb" + COUNTER.incrementAndGet(), cgroup, Set.of()));
  }

  public RuntimeRig(ContainerRuntime runtime, Path root, Path directory, SandboxSpec sandbox) {
    this.runtime = runtime;
    this.root = root;
    this.directory = directory;
    this.sandbox = sandbox.id();
    runtime.ensureSandbox(sandbox);
  }

  private RuntimeRig(ContainerRuntime runtime, RuntimeRig other) {
    this.runtime = runtime;
    this.root = other.root;
    this.directory = other.directory;
    this.sandbox = other.sandbox;
  }

  /** The same sandbox through another runtime object. */
  public RuntimeRig through(ContainerRuntime other) {
    return new RuntimeRig(other, this);
  }

  public static SandboxSpec sandboxSpec(String id, String cgroup, Set<SandboxSpec.Option> options) {
    return new SandboxSpec(
        id,
        "pod-host",
        options,
        Map.of(),
        cgroup + "/" + id,
        Resources.UNLIMITED,
        Map.of("pod", id));
  }

  public String sandbox() {
    return sandbox;
  }

  public ContainerSpec.Builder spec(String... args) {
    String id = "c" + COUNTER.incrementAndGet();
    return ContainerSpec.builder(
            id,
            sandbox,
            root,
            List.of(args),
            LogFile.at(directory.resolve("logs").resolve(id).resolve("0.log")))
        .env(Map.of("PATH", "/bin"));
  }

  public ContainerSpec.Builder shell(String script) {
    return spec("/bin/sh", "-c", script);
  }

  /** Runs to the end. */
  public ContainerStatus.Exit run(ContainerSpec spec) {
    runtime.runContainer(spec);
    return exit(spec.id());
  }

  public ContainerStatus.Exit exit(String id) {
    eventually(() -> runtime.container(id).orElseThrow().exit().isPresent(), "the end of " + id);
    return runtime.container(id).orElseThrow().exit().orElseThrow();
  }

  public String output(String id) {
    var text = new StringBuilder();
    for (String line : log(id)) {
      String[] parts = line.split(" ", 4);
      text.append(parts[3]).append(parts[2].equals("F") ? "\n" : "");
    }
    return text.toString();
  }

  public List<String> log(String id) {
    try {
      return Files.readAllLines(runtime.container(id).orElseThrow().logPath());
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public void waitForOutput(String id, String text) {
    eventually(() -> output(id).contains(text), "'" + text + "' in the log of " + id);
  }

  /** The monitor of a container, if one runs. */
  static Optional<ProcessHandle> monitor(String id) {
    return ProcessHandle.allProcesses()
        .filter(process -> command(process).matches(".*/bin/monitor-[0-9a-f]+ " + id))
        .findFirst();
  }

  /** The words of a process; empty once it has ended. */
  static String command(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
          .replace('\0', ' ')
          .strip();
    } catch (IOException e) {
      return "";
    }
  }

  /** Waits for a condition, at most 20 s. */
  public static void eventually(BooleanSupplier condition, String what) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited 20 s for " + what).isLessThan(end);
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }

  /** Waits for an event of a kind. */
  public static <E extends RuntimeEvent> E await(RuntimeEvents events, Class<E> kind) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end) {
      try {
        var event = events.next(Duration.ofMillis(100));
        if (event.isPresent() && kind.isInstance(event.get())) {
          return kind.cast(event.get());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
    throw new AssertionError("waited 20 s for " + kind.getSimpleName());
  }
}
