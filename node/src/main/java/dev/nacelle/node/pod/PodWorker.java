package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.node.start.ConfigurationException;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.SandboxStatus;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns one pod from its arrival on this host to its end: one virtual thread that compares what
 * should be with what is, does the difference and writes the status. Everything it knows is its
 * own; others post into its mailbox.
 */
public final class PodWorker {
  private static final Logger LOG = LoggerFactory.getLogger(PodWorker.class);
  private static final Duration IDLE = Duration.ofMinutes(1);
  private static final Duration RETRY = Duration.ofSeconds(1);

  private final NodeServices services;
  private final PodContext context;
  private final PodMailbox mailbox = new PodMailbox();
  private final ContainerLauncher launcher;
  private final StatusWriter statuses;
  private final ContainerWatch watches;
  private final Map<String, ContainerRecord> records = new LinkedHashMap<>();
  private final Consumer<String> ended;
  private Optional<PodPlan.Terminal> terminal = Optional.empty();
  private Optional<PodStatus.Failure> failure = Optional.empty();
  private Map<String, Instant> crashLoops = Map.of();
  private Optional<Instant> startedAt = Optional.empty();
  private boolean gone;

  /**
   * @param ended told the pod's UID once nothing of it is left on this host
   */
  public PodWorker(NodeServices services, PodView pod, Consumer<String> ended) {
    this.services = services;
    this.context = new PodContext(services, pod);
    this.launcher = new ContainerLauncher(context);
    this.statuses = new StatusWriter(services);
    this.watches = new ContainerWatch(context, mailbox);
    this.ended = ended;
  }

  /** Takes over what an earlier process made for this pod. To be called before {@link #start}. */
  public void adopt(List<SandboxStatus> sandboxes, List<ContainerStatus> containers) {
    sandboxes.stream()
        .max(Comparator.comparingInt(PodWorker::attemptOf))
        .ifPresent(
            s -> {
              context.nextSandbox(attemptOf(s) + (isReady(s) ? 0 : 1));
              if (isReady(s)) {
                context.sandbox(s);
              }
            });
    for (ContainerView view : context.pod().containers()) {
      List<ContainerStatus> attempts =
          containers.stream()
              .filter(c -> view.name().equals(c.labels().get(ContainerStart.LABEL_CONTAINER)))
              .sorted(Comparator.comparingInt(ContainerStatus::attempt).reversed())
              .toList();
      if (!attempts.isEmpty()) {
        records.put(view.name(), adopted(view, attempts));
      }
    }
  }

  private ContainerRecord adopted(ContainerView view, List<ContainerStatus> attempts) {
    ContainerStatus newest = attempts.getFirst();
    ContainerRecord record =
        ContainerRecord.adopted(
            newest,
            attempts.stream().skip(1).findFirst(),
            newest.labels().getOrDefault(ContainerStart.LABEL_IMAGE, ""));
    if (newest.exit().isPresent()) {
      return afterExit(view, record, newest);
    }
    return record.probed(statuses.lastProbeState(context.pod(), view.name()));
  }

  public void start() {
    Thread.ofVirtual().name("pod " + context.pod().object().key()).start(this::run);
  }

  /** The pod's object changed. */
  public void update(PodView pod) {
    mailbox.pod(pod);
  }

  /** The pod's object is gone. */
  public void gone() {
    mailbox.gone();
  }

  /** The runtime saw a change of a container of this pod. */
  public void container(ContainerStatus status) {
    mailbox.container(status);
  }

  /** Something that the pod refers to changed. */
  public void poke() {
    mailbox.poke();
  }

  /** The platform stops; the pod runs on. */
  public void stop() {
    mailbox.stop();
  }

  public PodView pod() {
    return context.pod();
  }

  private void run() {
    try {
      Duration wait = Duration.ZERO;
      while (true) {
        PodMailbox.Mail mail = mailbox.take(wait);
        if (mail.stopping()) {
          return;
        }
        take(mail);
        if (gone || context.pod().object().isBeingDeleted()) {
          new PodTermination(context, records, watches, mailbox, this::publish).run(gone);
          ended.accept(context.pod().uid());
          return;
        }
        wait = step();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      watches.close();
    }
  }

  private void take(PodMailbox.Mail mail) {
    mail.pod().ifPresent(context::pod);
    gone |= mail.gone();
    for (ContainerStatus status : mail.containers()) {
      of(status.id())
          .ifPresent(
              view -> {
                ContainerRecord record = records.get(view.name()).seen(status);
                records.put(
                    view.name(),
                    status.exit().isPresent() ? afterExit(view, record, status) : record);
              });
    }
    mail.probes()
        .forEach(
            (id, state) ->
                of(id)
                    .ifPresent(
                        view ->
                            records.computeIfPresent(
                                view.name(), (n, record) -> record.probed(state))));
    for (PodMailbox.Unhealthy unhealthy : mail.unhealthy()) {
      of(unhealthy.containerId()).ifPresent(view -> kill(view, unhealthy.message()));
    }
  }

  /** One look at the pod; says how long to wait for the next. */
  private Duration step() throws InterruptedException {
    try {
      return reconcile();
    } catch (ContainerRuntimeException e) {
      services
          .events()
          .warning(
              context.pod().object(),
              "FailedCreatePodSandBox",
              "Failed to create pod sandbox: " + e.getMessage());
      LOG.warn("pod {}: {}", context.pod().object().key(), e.getMessage());
    } catch (RuntimeException | IOException e) {
      LOG.warn("pod {}: {}", context.pod().object().key(), e.toString());
      services
          .events()
          .warning(context.pod().object(), "FailedSync", String.valueOf(e.getMessage()));
    }
    publish();
    return RETRY;
  }

  private Duration reconcile() throws InterruptedException, IOException {
    if (startedAt.isEmpty()) {
      startedAt =
          context
              .pod()
              .object()
              .instant("status", "startTime")
              .or(() -> Optional.of(services.clock().instant()));
    }
    if (statuses.isFinished(context.pod())) {
      watches.close();
      return IDLE;
    }
    PodPlan plan = PodPlan.of(context.pod(), records, services.clock().instant());
    if (plan.terminal().isPresent()) {
      plan.stop().forEach(c -> kill(c, "all containers of the pod have ended"));
      terminal = plan.terminal();
      watches.close();
      publish();
      return IDLE;
    }
    boolean prepared = prepareAnd(plan);
    crashLoops = plan.crashLoops();
    plan.crashLoops().keySet().forEach(this::tellOfCrashLoop);
    watches.follow(records);
    publish();
    if (!prepared) {
      return RETRY;
    }
    PodPlan next = PodPlan.of(context.pod(), records, services.clock().instant());
    if (!next.start().isEmpty()) {
      return Duration.ZERO;
    }
    Duration wait =
        next.wakeAt()
            .map(at -> Duration.between(services.clock().instant(), at))
            .filter(d -> d.compareTo(IDLE) < 0)
            .orElse(IDLE);
    return wait.isNegative() ? Duration.ZERO : wait;
  }

  /**
   * Runs the steps, images of the containers to start beside them, then starts those containers.
   */
  private boolean prepareAnd(PodPlan plan) throws InterruptedException, IOException {
    var images = new LinkedHashMap<ContainerView, FutureTask<ContainerLauncher.Image>>();
    for (ContainerView container : plan.start()) {
      var task = new FutureTask<>(() -> launcher.image(container));
      images.put(container, task);
      Thread.ofVirtual().name("image " + container.image()).start(task);
    }
    try {
      for (PodStep step : PodSteps.ALL) {
        step.prepare(context);
      }
    } catch (ConfigurationException e) {
      services.events().warning(context.pod().object(), "FailedMount", e.getMessage());
      for (ContainerView container : plan.start()) {
        records.merge(container.name(), ContainerRecord.NEW, (known, fresh) -> known);
      }
      return false;
    }
    for (var entry : images.entrySet()) {
      start(entry.getKey(), await(entry.getValue()));
    }
    return true;
  }

  private void start(ContainerView container, ContainerLauncher.Image image) {
    ContainerRecord record = records.getOrDefault(container.name(), ContainerRecord.NEW);
    boolean knownMissing =
        image instanceof ContainerLauncher.Image.Missing
            && record.waiting().filter(w -> w.reason().equals("ImagePullBackOff")).isPresent();
    ContainerRecord attempted = launcher.start(container, record, image);
    ContainerRecord started = knownMissing ? launcher.backingOff(container, attempted) : attempted;
    records.put(container.name(), started);
    started
        .current()
        .filter(c -> c.exit().isPresent() && isAnother(record, c))
        .ifPresent(c -> records.put(container.name(), afterExit(container, started, c)));
    dropOldAttempts(container);
  }

  private static boolean isAnother(ContainerRecord before, ContainerStatus status) {
    return before.current().filter(c -> c.id().equals(status.id())).isEmpty();
  }

  /** Keeps the present attempt and the one before, for {@code logs --previous}. */
  private void dropOldAttempts(ContainerView container) {
    ContainerRecord record = records.get(container.name());
    int old = record.restarts() - 2;
    if (old >= 0 && record.isRunning()) {
      String id = ContainerLauncher.containerId(context.pod().uid(), container.name(), old);
      services.runtime().removeContainer(id);
      services.images().unmount(id);
    }
  }

  private static ContainerLauncher.Image await(FutureTask<ContainerLauncher.Image> task)
      throws InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(String.valueOf(e.getCause().getMessage()), e.getCause());
    }
  }

  /** What a container's end means: its message, and when it may start again. */
  private ContainerRecord afterExit(
      ContainerView container, ContainerRecord record, ContainerStatus status) {
    var exit = status.exit().orElseThrow();
    Instant began = status.startedAt().orElse(status.createdAt());
    boolean stable = Duration.between(began, exit.finishedAt()).compareTo(PodPlan.STABLE) >= 0;
    int failures = stable ? 1 : record.failures() + 1;
    String message = TerminationMessage.read(services, context.pod(), container, status);
    return record
        .saying(message)
        .probed(ContainerRecord.ProbeState.UNKNOWN)
        .retryingAt(exit.finishedAt().plus(PodPlan.backoff(failures)), failures);
  }

  private void kill(ContainerView container, String why) {
    ContainerRecord record = records.getOrDefault(container.name(), ContainerRecord.NEW);
    if (!record.isRunning()) {
      return;
    }
    services
        .events()
        .record(
            context.pod().object(),
            container.fieldPath(),
            EventRecorder.Type.NORMAL,
            "Killing",
            why);
    PodTermination.stop(context, container, record, context.pod().gracePeriod())
        .ifPresent(
            status ->
                records.put(container.name(), afterExit(container, record.seen(status), status)));
  }

  private void tellOfCrashLoop(String container) {
    context
        .pod()
        .container(container)
        .ifPresent(
            c ->
                services
                    .events()
                    .record(
                        context.pod().object(),
                        c.fieldPath(),
                        EventRecorder.Type.WARNING,
                        "BackOff",
                        "Back-off restarting failed container "
                            + container
                            + " in pod "
                            + context.pod().fullName()));
  }

  private void publish() {
    statuses.write(
        new PodStatus.Facts(
            context.pod(),
            Map.copyOf(records),
            crashLoops,
            terminal,
            failure,
            services.config().address(),
            context.address(),
            context.sandbox().filter(PodWorker::isReady).isPresent()
                && context.address().isPresent(),
            startedAt,
            services.clock().instant()));
  }

  private Optional<ContainerView> of(String containerId) {
    return context.pod().containers().stream()
        .filter(
            c ->
                Optional.ofNullable(records.get(c.name()))
                    .flatMap(ContainerRecord::current)
                    .filter(s -> s.id().equals(containerId))
                    .isPresent())
        .findFirst();
  }

  private static boolean isReady(SandboxStatus sandbox) {
    return sandbox.state() == SandboxStatus.State.READY;
  }

  private static int attemptOf(SandboxStatus sandbox) {
    String id = sandbox.id();
    String number = id.substring(id.lastIndexOf('-') + 1);
    return number.matches("\\d{1,6}") ? Integer.parseInt(number) : 0;
  }
}
