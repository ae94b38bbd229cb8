package dev.nacelle.runtime;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.cgroup.CgroupStats;
import dev.nacelle.kernel.cgroup.CgroupTree;
import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.keeper.LazySupport;
import dev.nacelle.kernel.monitor.ExecClient;
import dev.nacelle.kernel.monitor.MonitorClient;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Companions;
import dev.nacelle.kernel.process.Poller;
import dev.nacelle.runtime.ContainerRuntimeException.Reason;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The runtime of this platform: the keeper makes sandboxes, a monitor beside each container starts
 * it, itself or through crun or runc, and stays with it; cgroups are written directly.
 */
public final class BuiltInRuntime implements ContainerRuntime {
  private static final Duration AFTER_EXIT = Duration.ofSeconds(1);

  /**
   * Where and how.
   *
   * @param nodeDirectory DIR/node; {@code run} and {@code bin} are made in it
   * @param pool how many generic sandboxes are kept ready
   * @param ociRuntime a certain crun or runc starts every container; else monitors do it themselves
   *     where they can, and the first one installed does the rest
   */
  public record Options(Path nodeDirectory, int pool, Optional<Path> ociRuntime) {
    /** Eight sandboxes ready, and containers started natively. */
    public static Options at(Path nodeDirectory) {
      return new Options(nodeDirectory, 8, Optional.empty());
    }
  }

  private final RunDirectory directory;
  private final Poller poller;
  private final CgroupTree cgroups;
  private final KeeperLink keeper;
  private final EventHub events = new EventHub();
  private final Sandboxes sandboxes;
  private final Containers containers;
  private final Starters starters;
  private final boolean fastMoves;

  private BuiltInRuntime(Options options, InstantSource clock) {
    directory = RunDirectory.prepare(options.nodeDirectory().resolve("run"));
    cgroups = CgroupTree.detect();
    fastMoves = cgroups.favourMoves();
    poller = Poller.open();
    keeper =
        new KeeperLink(
            poller,
            directory.root(),
            Companions.extract(options.nodeDirectory().resolve("bin")),
            options.pool(),
            this::monitorDied,
            message -> events.publish(new RuntimeEvent.KeeperReplaced(message)));
    sandboxes = new Sandboxes(directory, keeper, cgroups, clock);
    starters =
        new Starters(
            keeper,
            cgroups,
            options.ociRuntime().map(program -> OciRuntime.at(program, cgroups)),
            OciRuntime.find(cgroups));
    containers =
        new Containers(directory, keeper, cgroups, sandboxes, starters, poller, events, clock);
  }

  /**
   * Starts or finds the keeper, and adopts what runs. Needs root.
   *
   * @throws ContainerRuntimeException if the keeper cannot be started
   */
  public static BuiltInRuntime open(Options options, InstantSource clock)
      throws InterruptedException {
    var runtime = new BuiltInRuntime(options, clock);
    try {
      runtime.meetKeeper();
      runtime.sandboxes.load();
      runtime.containers.load();
      return runtime;
    } catch (ContainerRuntimeException | InterruptedException e) {
      runtime.close();
      throw e;
    }
  }

  /** Whether the keeper's kernel lets files be filled while they are read. */
  public LazySupport lazySupport() {
    return translate(() -> keeper.client().lazySupport());
  }

  /** Where the keeper is reached. */
  public Path runDirectory() {
    return directory.root();
  }

  /**
   * From now on every monitor holds the fanotify group of lazily filled files beside the keeper, so
   * that readers wait, and see no zeros, while neither keeper nor platform lives. Once somebody has
   * opened that group.
   */
  public void holdLazyGroup() {
    keeper.holdLazyGroup();
  }

  /** Sandboxes that are there already are those of a keeper that died in the platform's absence. */
  private void meetKeeper() throws InterruptedException {
    KeeperClient client = keeper.client();
    if (keeper.hasStarted() && !client.sandboxes().isEmpty()) {
      events.publishToFirst(
          new RuntimeEvent.KeeperReplaced(
              "it was gone when the platform came; process " + client.pid() + " serves now"));
    }
  }

  private void monitorDied(String containerId, KeeperClient.Replacement replacement) {
    String what =
        switch (replacement) {
          case REPLACED -> "the monitor died and was replaced";
          case NOT_REPLACED -> "the monitor died and was not replaced";
        };
    events.publish(new RuntimeEvent.MonitorReplaced(containerId, what));
  }

  /** A call that blocks, with its failures in the words of the seam. */
  private interface Blocking<T> {
    T call() throws InterruptedException;
  }

  private static <T> T translate(Blocking<T> blocking) {
    try {
      return blocking.call();
    } catch (CompanionException e) {
      throw new ContainerRuntimeException(
          e.isGone() ? Reason.UNAVAILABLE : Reason.FAILED, e.getMessage(), e);
    } catch (UncheckedIOException | ErrnoException e) {
      throw new ContainerRuntimeException(Reason.FAILED, String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ContainerRuntimeException(Reason.UNAVAILABLE, "interrupted", e);
    }
  }

  @Override
  public SandboxStatus ensureSandbox(SandboxSpec spec) {
    return translate(() -> sandboxes.ensure(spec));
  }

  @Override
  public void stopSandbox(String sandboxId) {
    sandboxes.stop(sandboxId);
    for (Container container : containers.in(sandboxId)) {
      translate(() -> containers.stop(container, Duration.ZERO, 9));
    }
  }

  @Override
  public void removeSandbox(String sandboxId) {
    for (Container container : containers.in(sandboxId)) {
      removeContainer(container.record().id());
    }
    translate(
        () -> {
          sandboxes.remove(sandboxId);
          return sandboxId;
        });
  }

  @Override
  public List<SandboxStatus> sandboxes() {
    return sandboxes.all();
  }

  @Override
  public Optional<SandboxStatus> sandbox(String sandboxId) {
    return sandboxes.record(sandboxId).map(sandboxes::status);
  }

  @Override
  public ContainerStatus createContainer(ContainerSpec spec) {
    return translate(() -> containers.create(spec, Containers.Until.CREATED));
  }

  @Override
  public ContainerStatus startContainer(String containerId) {
    return translate(() -> containers.start(containerId));
  }

  @Override
  public ContainerStatus runContainer(ContainerSpec spec) {
    return translate(() -> containers.create(spec, Containers.Until.RUNNING));
  }

  @Override
  public Optional<ContainerStatus> stopContainer(String containerId, Duration grace, int signal) {
    return containers
        .find(containerId)
        .map(container -> translate(() -> containers.stop(container, grace, signal)));
  }

  @Override
  public void signalContainer(String containerId, int signal) {
    Container container = containers.get(containerId);
    if (container.status().state() == ContainerStatus.State.RUNNING) {
      tell(() -> container.monitor().signal(signal));
    }
  }

  @Override
  public void removeContainer(String containerId) {
    containers.find(containerId).ifPresent(container -> tell(() -> containers.remove(container)));
  }

  @Override
  public List<ContainerStatus> containers() {
    return containers.all();
  }

  @Override
  public Optional<ContainerStatus> container(String containerId) {
    return containers.find(containerId).map(Container::status);
  }

  @Override
  public void updateResources(String containerId, Resources resources) {
    Container container = containers.get(containerId);
    tell(() -> containers.cgroup(container).limit(Sandboxes.limits(resources)));
  }

  @Override
  public void updateSandboxResources(String sandboxId, Resources resources) {
    SandboxRecord sandbox = sandboxRecord(sandboxId);
    tell(() -> cgroups.at(sandbox.cgroupParent()).limit(Sandboxes.limits(resources)));
  }

  private SandboxRecord sandboxRecord(String sandboxId) {
    return sandboxes
        .record(sandboxId)
        .orElseThrow(
            () ->
                new ContainerRuntimeException(
                    Reason.NOT_FOUND, "cannot find sandbox " + sandboxId + ": there is none"));
  }

  private interface Telling {
    void call() throws InterruptedException;
  }

  private static void tell(Telling telling) {
    translate(
        () -> {
          telling.call();
          return Boolean.TRUE;
        });
  }

  @Override
  public ExecSession exec(String containerId, ExecRequest request) {
    Container container = running(containerId, "execute a command");
    Set<MonitorClient.Stdio> stdio = EnumSet.noneOf(MonitorClient.Stdio.class);
    if (request.stdio().contains(Stdio.TTY)) {
      stdio.add(MonitorClient.Stdio.TTY);
    }
    if (request.stdio().contains(Stdio.STDIN)) {
      stdio.add(MonitorClient.Stdio.STDIN);
    }
    TerminalSize size = request.size().orElse(new TerminalSize(0, 0));
    try {
      return new NativeExecSession(
          ExecClient.start(
              poller, container.directory(), request.argv(), stdio, size.columns(), size.rows()));
    } catch (CompanionException e) {
      throw new ContainerRuntimeException(
          e.isGone() ? Reason.UNAVAILABLE : Reason.START_FAILED,
          "cannot execute "
              + request.argv().getFirst()
              + " in "
              + containerId
              + ": "
              + e.getMessage(),
          e);
    } catch (ErrnoException e) {
      throw new ContainerRuntimeException(Reason.UNAVAILABLE, String.valueOf(e.getMessage()), e);
    } catch (IllegalArgumentException e) {
      throw new ContainerRuntimeException(Reason.INVALID, String.valueOf(e.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ContainerRuntimeException(Reason.UNAVAILABLE, "interrupted", e);
    }
  }

  private Container running(String containerId, String what) {
    Container container = containers.get(containerId);
    if (container.status().state() != ContainerStatus.State.RUNNING) {
      throw new ContainerRuntimeException(
          Reason.WRONG_STATE, "cannot " + what + " in " + containerId + ": it does not run");
    }
    return container;
  }

  @Override
  public ExecResult execSync(
      String containerId, List<String> argv, Duration timeout, int maxOutputBytes) {
    try (ExecSession session = exec(containerId, ExecRequest.of(argv, Set.of()))) {
      var stdout = new BoundedCapture(session.stdout(), maxOutputBytes);
      var stderr = new BoundedCapture(session.stderr(), maxOutputBytes);
      return translate(
          () -> {
            OptionalInt code = session.waitForExit(timeout);
            // what the command left running may hold its streams: they are not waited for
            Duration rest = code.isPresent() ? AFTER_EXIT : Duration.ofMillis(1);
            return new ExecResult(
                code.orElse(-1),
                stdout.await(rest),
                stderr.await(rest),
                code.isPresent() ? ExecResult.Outcome.FINISHED : ExecResult.Outcome.TIMED_OUT);
          });
    }
  }

  @Override
  public ProcessStreams attach(String containerId) {
    Container container = running(containerId, "attach");
    return translate(
        () -> new AttachedStreams(poller, container.directory(), container.record().stdio()));
  }

  @Override
  public void resizeTerminal(String containerId, TerminalSize size) {
    Container container = running(containerId, "resize the terminal");
    tell(() -> container.monitor().resize(size.columns(), size.rows()));
  }

  @Override
  public void reopenLog(String containerId) {
    Container container = containers.get(containerId);
    if (container.status().exit().isEmpty()) {
      tell(() -> container.monitor().reopenLog());
    }
  }

  @Override
  public Optional<RuntimeStats> stats(String containerId) {
    return containers
        .find(containerId)
        .filter(c -> c.status().state() == ContainerStatus.State.RUNNING)
        .flatMap(c -> containers.cgroup(c).stats())
        .map(BuiltInRuntime::measured);
  }

  @Override
  public Optional<RuntimeStats> sandboxStats(String sandboxId) {
    return sandboxes
        .record(sandboxId)
        .flatMap(s -> cgroups.at(s.cgroupParent()).stats())
        .map(BuiltInRuntime::measured);
  }

  private static RuntimeStats measured(CgroupStats s) {
    return new RuntimeStats(
        java.time.Instant.now(),
        s.cpuNanos(),
        s.memoryUsageBytes(),
        s.memoryWorkingSetBytes(),
        s.memoryAnonymousBytes(),
        s.memoryLimitBytes(),
        s.pageFaults(),
        s.majorPageFaults(),
        s.pids());
  }

  @Override
  public RuntimeEvents events() {
    return events.open();
  }

  @Override
  public List<RuntimeCapability> capabilities() {
    return translate(() -> Capabilities.of(cgroups, starters, fastMoves));
  }

  /** Removes every container: nothing mounts an image after this. */
  public void removeContainers() {
    containers.all().forEach(status -> removeContainer(status.id()));
  }

  /**
   * Removes every sandbox and container, and ends the keeper: nothing of this instance stays in the
   * kernel. The runtime is closed afterwards.
   */
  public void removeEverything() {
    removeContainers();
    List<String> parents = sandboxes.cgroupAncestors();
    sandboxes.all().forEach(status -> removeSandbox(status.id()));
    parents.forEach(path -> cgroups.at(path).prune());
    tell(
        () -> {
          KeeperClient client = keeper.client();
          keeper.closing();
          client.shutDown();
        });
    close();
    directory.release();
  }

  @Override
  public void close() {
    events.close();
    keeper.close();
    poller.close();
  }
}
