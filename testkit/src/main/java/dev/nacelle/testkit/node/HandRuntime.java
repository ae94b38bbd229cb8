package dev.nacelle.testkit.node;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.ExecRequest;
import dev.nacelle.runtime.ExecResult;
import dev.nacelle.runtime.ExecSession;
import dev.nacelle.runtime.ProcessStreams;
import dev.nacelle.runtime.Resources;
import dev.nacelle.runtime.RuntimeCapability;
import dev.nacelle.runtime.RuntimeEvent;
import dev.nacelle.runtime.RuntimeEvents;
import dev.nacelle.runtime.RuntimeStats;
import dev.nacelle.runtime.SandboxSpec;
import dev.nacelle.runtime.SandboxStatus;
import dev.nacelle.runtime.TerminalSize;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A runtime without processes: containers run until {@link #exit} or a stop. Outlives the node
 * under test as a real one does. Safe for any thread.
 */
public final class HandRuntime implements ContainerRuntime {
  private static final int KILLED = 137;
  private static final int TERMINATED = 143;

  private final Map<String, SandboxStatus> sandboxes = new LinkedHashMap<>();
  private final Map<String, ContainerStatus> containers = new LinkedHashMap<>();
  private final Map<String, ContainerSpec> specs = new LinkedHashMap<>();
  private final Map<String, Duration> stops = new LinkedHashMap<>();
  private final List<Events> watchers = new CopyOnWriteArrayList<>();
  private final List<String> calls = new ArrayList<>();
  private Function<ContainerSpec, OptionalInt> endsAtOnce = spec -> OptionalInt.empty();
  private Function<List<String>, Integer> commands = argv -> 0;
  private boolean obedient = true;
  private boolean startsFail;

  /** Which containers end within their start, before it returns, and how. */
  public synchronized void endAtOnce(Function<ContainerSpec, OptionalInt> rule) {
    endsAtOnce = rule;
  }

  /** The exit code of commands run in containers. */
  public synchronized void answer(Function<List<String>, Integer> rule) {
    commands = rule;
  }

  /** From now on a stop ends nothing before its grace is over; {@link #exit} does. */
  public synchronized void disobey() {
    obedient = false;
  }

  /** From now on no command can be executed. */
  public synchronized void failStarts() {
    startsFail = true;
  }

  /** The host was started anew: nothing runs, namespaces are gone. */
  public synchronized void reboot() {
    sandboxes.replaceAll(
        (id, s) ->
            new SandboxStatus(
                id, SandboxStatus.State.NOT_READY, Optional.empty(), s.createdAt(), s.labels()));
    containers.replaceAll(
        (id, c) ->
            c.exit().isPresent()
                ? c
                : ended(
                    c,
                    new ContainerStatus.Exit(
                        255,
                        OptionalInt.empty(),
                        ContainerStatus.ExitReason.UNKNOWN,
                        "",
                        Instant.now())));
  }

  /** What was asked for, in order: the method and the id. */
  public synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  /** The running container of that name, of whichever pod. */
  public synchronized Optional<ContainerStatus> running(String containerName) {
    return containers.values().stream()
        .filter(c -> c.state() == ContainerStatus.State.RUNNING)
        .filter(c -> containerName.equals(c.labels().get("io.kubernetes.container.name")))
        .findFirst();
  }

  public synchronized Optional<ContainerSpec> spec(String containerId) {
    return Optional.ofNullable(specs.get(containerId));
  }

  /** The grace of the last stop of a container. */
  public synchronized Optional<Duration> stopGrace(String containerId) {
    return Optional.ofNullable(stops.get(containerId));
  }

  /** The container ends by itself. */
  public void exit(String containerId, int code) {
    exit(containerId, code, Instant.now());
  }

  /** The container ends by itself, and as of another time. */
  public void exit(String containerId, int code, Instant at) {
    finish(
        containerId,
        new ContainerStatus.Exit(
            code,
            OptionalInt.empty(),
            code == 0 ? ContainerStatus.ExitReason.COMPLETED : ContainerStatus.ExitReason.ERROR,
            "",
            at));
  }

  private synchronized void finish(String id, ContainerStatus.Exit exit) {
    ContainerStatus before = containers.get(id);
    if (before == null || before.exit().isPresent()) {
      return;
    }
    ContainerStatus after = ended(before, exit);
    containers.put(id, after);
    notifyAll();
    watchers.forEach(w -> w.queue.add(new RuntimeEvent.ContainerExited(after)));
  }

  private static ContainerStatus ended(ContainerStatus c, ContainerStatus.Exit exit) {
    return new ContainerStatus(
        c.id(),
        c.sandboxId(),
        ContainerStatus.State.EXITED,
        OptionalInt.empty(),
        c.createdAt(),
        c.startedAt(),
        c.firstOutputAt(),
        Optional.of(exit),
        c.logPath(),
        c.attempt(),
        c.labels());
  }

  @Override
  public synchronized SandboxStatus ensureSandbox(SandboxSpec spec) {
    calls.add("ensureSandbox " + spec.id());
    return sandboxes.computeIfAbsent(
        spec.id(),
        id ->
            new SandboxStatus(
                id,
                SandboxStatus.State.READY,
                Optional.of(Path.of("/proc/self/ns/net")),
                Instant.now(),
                spec.labels()));
  }

  @Override
  public void stopSandbox(String sandboxId) {
    containers().stream()
        .filter(c -> c.sandboxId().equals(sandboxId))
        .forEach(c -> exit(c.id(), KILLED));
  }

  @Override
  public synchronized void removeSandbox(String sandboxId) {
    calls.add("removeSandbox " + sandboxId);
    stopSandbox(sandboxId);
    containers.values().removeIf(c -> c.sandboxId().equals(sandboxId));
    sandboxes.remove(sandboxId);
  }

  @Override
  public synchronized List<SandboxStatus> sandboxes() {
    return List.copyOf(sandboxes.values());
  }

  @Override
  public synchronized Optional<SandboxStatus> sandbox(String sandboxId) {
    return Optional.ofNullable(sandboxes.get(sandboxId));
  }

  @Override
  public ContainerStatus createContainer(ContainerSpec spec) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ContainerStatus startContainer(String containerId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public synchronized ContainerStatus runContainer(ContainerSpec spec) {
    calls.add("runContainer " + spec.labels().get("io.kubernetes.container.name"));
    ContainerStatus known = containers.get(spec.id());
    if (known != null) {
      return known;
    }
    specs.put(spec.id(), spec);
    var status =
        new ContainerStatus(
            spec.id(),
            spec.sandboxId(),
            ContainerStatus.State.RUNNING,
            OptionalInt.of(1000 + containers.size()),
            Instant.now(),
            Optional.of(Instant.now()),
            Optional.empty(),
            Optional.empty(),
            spec.log().path(),
            spec.attempt(),
            spec.labels());
    containers.put(spec.id(), status);
    if (startsFail) {
      finish(
          spec.id(),
          new ContainerStatus.Exit(
              128,
              OptionalInt.empty(),
              ContainerStatus.ExitReason.START_ERROR,
              "no such file",
              Instant.now()));
      throw new ContainerRuntimeException(
          ContainerRuntimeException.Reason.START_FAILED, "cannot start container: no such file");
    }
    endsAtOnce.apply(spec).ifPresent(code -> exit(spec.id(), code));
    // as seen before the end: the event overtakes the answer
    return status;
  }

  @Override
  public Optional<ContainerStatus> stopContainer(String containerId, Duration grace, int signal) {
    synchronized (this) {
      calls.add("stopContainer " + containerId);
      stops.put(containerId, grace);
      long end = System.nanoTime() + grace.toNanos();
      while (!obedient
          && containers.containsKey(containerId)
          && containers.get(containerId).exit().isEmpty()
          && !stops.get(containerId).isZero()
          && System.nanoTime() < end) {
        try {
          wait(10);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return Optional.ofNullable(containers.get(containerId));
        }
      }
      exit(containerId, obedient ? TERMINATED : KILLED);
      notifyAll();
      return Optional.ofNullable(containers.get(containerId));
    }
  }

  @Override
  public void signalContainer(String containerId, int signal) {
    exit(containerId, 128 + signal);
  }

  @Override
  public synchronized void removeContainer(String containerId) {
    exit(containerId, KILLED);
    containers.remove(containerId);
  }

  @Override
  public synchronized List<ContainerStatus> containers() {
    return List.copyOf(containers.values());
  }

  @Override
  public synchronized Optional<ContainerStatus> container(String containerId) {
    return Optional.ofNullable(containers.get(containerId));
  }

  @Override
  public void updateResources(String containerId, Resources resources) {}

  @Override
  public void updateSandboxResources(String sandboxId, Resources resources) {}

  @Override
  public ExecSession exec(String containerId, ExecRequest request) {
    throw new UnsupportedOperationException();
  }

  @Override
  public ExecResult execSync(
      String containerId, List<String> argv, Duration timeout, int maxOutputBytes) {
    Function<List<String>, Integer> rule;
    synchronized (this) {
      calls.add("execSync " + String.join(" ", argv));
      rule = commands;
    }
    return new ExecResult(
        rule.apply(argv), Bytes.utf8(""), Bytes.utf8("said no"), ExecResult.Outcome.FINISHED);
  }

  @Override
  public ProcessStreams attach(String containerId) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void resizeTerminal(String containerId, TerminalSize size) {}

  @Override
  public void reopenLog(String containerId) {}

  @Override
  public Optional<RuntimeStats> stats(String containerId) {
    return Optional.empty();
  }

  @Override
  public Optional<RuntimeStats> sandboxStats(String sandboxId) {
    return Optional.empty();
  }

  @Override
  public RuntimeEvents events() {
    var events = new Events();
    watchers.add(events);
    return events;
  }

  @Override
  public List<RuntimeCapability> capabilities() {
    return List.of();
  }

  @Override
  public void close() {}

  private final class Events implements RuntimeEvents {
    private final LinkedBlockingQueue<RuntimeEvent> queue = new LinkedBlockingQueue<>();

    @Override
    public Optional<RuntimeEvent> next(Duration timeout) throws InterruptedException {
      return Optional.ofNullable(queue.poll(timeout.toMillis(), TimeUnit.MILLISECONDS));
    }

    @Override
    public void close() {
      watchers.remove(this);
    }
  }
}
