package dev.nacelle.runtime;

import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.kernel.cgroup.Cgroup;
import dev.nacelle.kernel.cgroup.CgroupTree;
import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.process.CompanionException;
import dev.nacelle.kernel.process.Poller;
import dev.nacelle.runtime.ContainerRuntimeException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** The containers of this host: made, started, stopped, removed, adopted. Safe for any thread. */
final class Containers {
  private static final String FILE = "monitor.conf";
  private static final int SIGKILL = 9;
  private static final int KILLED = 128 + SIGKILL;
  private static final int UNKNOWN = 255;
  private static final Duration SLACK = Duration.ofSeconds(2);
  private static final Duration AFTER_KILL = Duration.ofSeconds(30);

  private final RunDirectory directory;
  private final KeeperLink keeper;
  private final CgroupTree cgroups;
  private final Sandboxes sandboxes;
  private final Starters starters;
  private final Poller poller;
  private final EventHub events;
  private final InstantSource clock;
  private final Map<String, Long> hardLimits = HostFacts.hardLimits();
  private final Map<String, Container> containers = new ConcurrentHashMap<>();

  Containers(
      RunDirectory directory,
      KeeperLink keeper,
      CgroupTree cgroups,
      Sandboxes sandboxes,
      Starters starters,
      Poller poller,
      EventHub events,
      InstantSource clock) {
    this.directory = directory;
    this.keeper = keeper;
    this.cgroups = cgroups;
    this.sandboxes = sandboxes;
    this.starters = starters;
    this.poller = poller;
    this.events = events;
    this.clock = clock;
  }

  /** Finds what an earlier process left: what runs, and how the others ended. */
  void load() throws InterruptedException {
    for (String id : directory.containers()) {
      Path at = directory.container(id);
      Optional<ContainerRecord> found =
          RunDirectory.bytes(at.resolve(FILE))
              .flatMap(MonitorConfig::record)
              .filter(record -> record.id().equals(id));
      if (found.isEmpty()) {
        RunDirectory.delete(at); // a creation that never got a monitor
        continue;
      }
      if (!found.get().bootId().equals(directory.bootId()) && ExitFile.read(at).isEmpty()) {
        ExitFile.write(at, UNKNOWN, "the host was restarted", clock.instant());
      }
      var container = new Container(found.get(), at, poller, keeper, events);
      containers.put(id, container);
      if (!container.adopt()) {
        Thread.ofVirtual().name("adopt-" + id).start(() -> meetAgain(container));
      }
    }
  }

  /** Its monitor died in the platform's absence. */
  private void meetAgain(Container container) {
    container.reconnect(events::isClosed);
    if (container.isConnected()) {
      events.publishToFirst(
          new RuntimeEvent.MonitorReplaced(
              container.record().id(), "it was gone when the platform came; another serves now"));
    }
  }

  Optional<Container> find(String id) {
    return Optional.ofNullable(containers.get(id));
  }

  Container get(String id) {
    return find(id)
        .orElseThrow(
            () ->
                new ContainerRuntimeException(
                    Reason.NOT_FOUND, "cannot find container " + id + ": there is none"));
  }

  List<ContainerStatus> all() {
    return containers.values().stream().map(Container::status).toList();
  }

  List<Container> in(String sandboxId) {
    return containers.values().stream()
        .filter(container -> container.record().sandboxId().equals(sandboxId))
        .toList();
  }

  /** How far {@link #create} goes. */
  enum Until {
    CREATED,
    RUNNING
  }

  ContainerStatus create(ContainerSpec spec, Until until) throws InterruptedException {
    SandboxRecord sandbox =
        sandboxes
            .record(spec.sandboxId())
            .orElseThrow(
                () ->
                    new ContainerRuntimeException(
                        Reason.NOT_FOUND,
                        "cannot create container "
                            + spec.id()
                            + ": no sandbox "
                            + spec.sandboxId()));
    Container container =
        containers.computeIfAbsent(
            spec.id(),
            id ->
                new Container(
                    record(spec, sandbox), directory.container(id), poller, keeper, events));
    ReentrantLock operations = container.operations();
    operations.lockInterruptibly();
    try {
      ContainerStatus status = container.status();
      if (status.state() != ContainerStatus.State.CREATED
          || (container.isCreated() && until == Until.CREATED)) {
        return status;
      }
      if (!container.isCreated()) {
        prepare(container, spec, sandbox);
        openMonitor(container, until);
      }
      begin(container, until);
      return container.status();
    } finally {
      operations.unlock();
    }
  }

  private void openMonitor(Container container, Until until) throws InterruptedException {
    try {
      container.open(
          until == Until.RUNNING ? KeeperClient.Begin.RUNNING : KeeperClient.Begin.WAITING);
    } catch (CompanionException e) {
      // one that an interrupted call started is as good
      if (!container.adopt()) {
        throw startFailure(container, e);
      }
    }
  }

  /** Creates, starts, or both; the caller holds the operations lock. */
  private static void begin(Container container, Until until) throws InterruptedException {
    try {
      switch (until) {
        case CREATED -> container.created(container.monitor().create());
        case RUNNING ->
            container.started(
                container.isCreated() ? container.monitor().start() : container.monitor().run());
      }
    } catch (CompanionException | ContainerRuntimeException e) {
      // a short command may have ended, and its monitor with it, before it was asked
      if (!container.readExit() || container.status().startedAt().isEmpty()) {
        throw startFailure(container, e);
      }
    }
  }

  private static ContainerRuntimeException startFailure(Container container, RuntimeException e) {
    boolean ended = container.readExit();
    String why =
        container
            .status()
            .exit()
            .map(ContainerStatus.Exit::message)
            .filter(said -> !said.isEmpty())
            .orElse(String.valueOf(e.getMessage()));
    String message = "cannot start container " + container.record().id() + ": " + why;
    boolean gone = !(e instanceof CompanionException companion) || companion.isGone();
    if (!ended && gone) {
      return new ContainerRuntimeException(Reason.UNAVAILABLE, message, e);
    }
    boolean command =
        message.contains("executable file")
            || message.contains("exec: ")
            || message.contains("exec /")
            || message.contains("permission denied")
            || message.contains("no such file or directory");
    return new ContainerRuntimeException(command ? Reason.START_FAILED : Reason.FAILED, message, e);
  }

  private static ContainerRuntimeException failed(CompanionException e) {
    return new ContainerRuntimeException(
        e.isGone() ? Reason.UNAVAILABLE : Reason.FAILED, e.getMessage(), e);
  }

  private ContainerRecord record(ContainerSpec spec, SandboxRecord sandbox) {
    return new ContainerRecord(
        spec.id(),
        spec.sandboxId(),
        clock.instant(),
        spec.log().path(),
        spec.attempt(),
        spec.labels(),
        sandbox.cgroupParent() + "/" + spec.id(),
        spec.stdio(),
        directory.bootId());
  }

  private void prepare(Container container, ContainerSpec spec, SandboxRecord sandbox)
      throws InterruptedException {
    ContainerRecord record = container.record();
    Path at = container.directory();
    Cgroup cgroup = cgroups.at(record.cgroup());
    boolean sharesProcesses =
        sandbox.options().contains(SandboxSpec.Option.HOST_PID)
            || sandbox.options().contains(SandboxSpec.Option.SHARE_PROCESS_NAMESPACE)
            || spec.processesOf().isPresent();
    var place = new MonitorConfig.Place(directory.ociRoot(), at, cgroup, sharesProcesses);
    List<Device> devices = spec.privileged() ? HostFacts.devices() : List.of();
    Map<String, Optional<Path>> namespaces = sandboxes.ociNamespaces(sandbox);
    cgroup.create();
    try {
      Files.createDirectories(at);
      spec.processesOf().ifPresent(other -> namespaces.put("pid", Optional.of(processes(other))));
      Path logs = spec.log().path().getParent();
      if (logs != null) {
        Files.createDirectories(logs);
      }
      byte[] config =
          switch (starters.of(spec)) {
            case Starter.Native ignored -> {
              confine(cgroup, spec);
              yield MonitorConfig.of(spec, place, namespaces, devices);
            }
            case OciRuntime runtime -> {
              if (runtime.joinsFirst()) {
                confine(cgroup, spec);
              }
              var bundle =
                  new OciConfig(
                      namespaces,
                      runtime.joinsFirst() ? Optional.empty() : Optional.of("/" + record.cgroup()),
                      hardLimits,
                      devices);
              Files.write(
                  at.resolve("config.json"), JsonWriter.write(bundle.of(spec)).unsafeArray());
              yield MonitorConfig.of(spec, place, runtime, hidden(runtime));
            }
          };
      Files.write(at.resolve(FILE), MonitorConfig.withRecord(config, record));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the files of container " + spec.id(), e);
    }
  }

  /** The PID namespace of a container; of a shared one it is the sandbox's. */
  private Path processes(String containerId) {
    return find(containerId)
        .map(Container::status)
        .filter(status -> status.exit().isEmpty() && status.pid().isPresent())
        .map(status -> Path.of("/proc/" + status.pid().getAsInt() + "/ns/pid"))
        .orElseThrow(
            () ->
                new ContainerRuntimeException(
                    Reason.START_FAILED,
                    "cannot enter the processes of container "
                        + containerId
                        + ": it is not running"));
  }

  private static void confine(Cgroup cgroup, ContainerSpec spec) {
    cgroup.limit(Sandboxes.limits(spec.resources()));
    if (!spec.privileged()) {
      cgroup.restrictDevices(OciConfig.deviceRules(spec));
    }
  }

  /** crun refuses a version 2 tree with a controller beside version 1: it must not see it. */
  private List<Path> hidden(OciRuntime runtime) {
    return runtime.flavor() == OciRuntime.Flavor.CRUN && cgroups.isHybrid()
        ? cgroups.unified().stream().toList()
        : List.of();
  }

  ContainerStatus start(String id) throws InterruptedException {
    Container container = get(id);
    container.operations().lockInterruptibly();
    try {
      if (container.status().state() == ContainerStatus.State.CREATED) {
        if (!container.isCreated()) {
          throw new ContainerRuntimeException(
              Reason.WRONG_STATE, "cannot start container " + id + ": it is not created");
        }
        begin(container, Until.RUNNING);
      }
      return container.status();
    } finally {
      container.operations().unlock();
    }
  }

  ContainerStatus stop(Container container, Duration grace, int signal)
      throws InterruptedException {
    container.operations().lockInterruptibly();
    try {
      if (container.status().state() == ContainerStatus.State.CREATED && !container.isCreated()) {
        refuse(container);
      }
      if (container.status().exit().isEmpty()) {
        ask(container, grace, signal);
      }
    } finally {
      container.operations().unlock();
    }
    if (container.waitForExit(grace.plus(SLACK)).isEmpty()) {
      ask(container, Duration.ZERO, SIGKILL); // a monitor that died forgot the end of the grace
    }
    if (container.waitForExit(AFTER_KILL).isEmpty()) {
      throw new ContainerRuntimeException(
          Reason.UNAVAILABLE,
          "cannot stop container " + container.record().id() + ": it does not end after a kill");
    }
    return container.status();
  }

  /** It never was: not even its directory need be there. */
  private void refuse(Container container) {
    try {
      Files.createDirectories(container.directory());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make " + container.directory(), e);
    }
    ExitFile.write(container.directory(), KILLED, "stopped before it was created", clock.instant());
    container.readExit();
  }

  /** A monitor that is just being replaced is waited for. */
  private static void ask(Container container, Duration grace, int signal)
      throws InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try {
        container.monitor().stop(signal, grace);
        return;
      } catch (CompanionException | ContainerRuntimeException e) {
        if (container.waitForExit(Duration.ofMillis(100)).isPresent()) {
          return;
        }
        if (attempt == 50) {
          throw new ContainerRuntimeException(
              Reason.UNAVAILABLE, String.valueOf(e.getMessage()), e);
        }
      }
    }
  }

  void remove(Container container) throws InterruptedException {
    stop(container, Duration.ZERO, SIGKILL);
    container.operations().lockInterruptibly();
    try {
      String id = container.record().id();
      container.removed();
      forget(id);
      cgroups.at(container.record().cgroup()).remove();
      RunDirectory.delete(directory.ociRoot().resolve(id));
      RunDirectory.delete(container.directory());
      containers.remove(id);
    } finally {
      container.operations().unlock();
    }
  }

  /** Its exit file is written a moment before the monitor says so to the keeper. */
  private void forget(String id) throws InterruptedException {
    for (int attempt = 0; ; attempt++) {
      try {
        keeper.client().forgetMonitor(id);
        return;
      } catch (CompanionException e) {
        if (attempt == 50) {
          throw failed(e);
        }
        Thread.sleep(10);
      }
    }
  }

  Cgroup cgroup(Container container) {
    return cgroups.at(container.record().cgroup());
  }
}
