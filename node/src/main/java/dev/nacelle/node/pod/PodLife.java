package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.node.start.UsedReferences;
import dev.nacelle.node.volume.Volumes;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.SandboxStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a pod's worker does at each look: brings the pod up, keeps it, ends it. For the worker's
 * thread alone.
 */
final class PodLife implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PodLife.class);
  private static final Duration IDLE = Duration.ofMinutes(1);
  private static final Duration RETRY = Duration.ofSeconds(1);

  private static final Duration REFRESH_RETRY = Duration.ofSeconds(10);

  /** How long a failed pull shows as such before it shows as waiting. */
  private static final Duration SHOWN = Duration.ofSeconds(1);

  private final PodContext context;
  private final NodeServices services;
  private final PodMailbox mailbox;
  private final ContainerRecords records;
  private final ContainerLauncher launcher;
  private final ImagePulls pulls;
  private final ContainerStops stops;
  private final PodPreparation preparation;
  private final PodEnding ending;
  private final StatusWriter statuses;
  private final ContainerWatch watches;
  private Optional<PodStatus.Failure> rejection = Optional.empty();
  private Optional<PodStatus.Failure> failure = Optional.empty();
  private Optional<PodPlan.Terminal> terminal = Optional.empty();
  private Map<String, Instant> crashLoops = Map.of();
  private Optional<Instant> startedAt = Optional.empty();
  private UsedReferences startReferences;
  private int preparationFailures;
  private boolean prepared;
  private Instant refreshNotBefore = Instant.MIN;
  private boolean volumesStale;
  private boolean gone;
  private boolean over;
  private volatile boolean active = true;

  PodLife(PodContext context, PodMailbox mailbox) {
    this.context = context;
    this.services = context.services();
    this.mailbox = mailbox;
    this.stops = new ContainerStops(context, mailbox);
    this.records = new ContainerRecords(context, stops);
    this.launcher = new ContainerLauncher(context, mailbox);
    this.pulls = new ImagePulls(context, mailbox::poke);
    this.preparation = new PodPreparation(context);
    this.ending = new PodEnding(context, records, stops, preparation);
    this.statuses = new StatusWriter(services);
    this.watches = new ContainerWatch(context, mailbox);
    this.startReferences = new UsedReferences(services.client());
  }

  void reject(PodStatus.Failure why) {
    rejection = Optional.of(why);
    active = false;
  }

  /** Takes up containers of an earlier process, the newest attempt first. */
  void adopt(List<ContainerStatus> containers) {
    records.adopt(containers);
  }

  /** Neither refused nor at its end. Safe for any thread. */
  boolean isActive() {
    return active;
  }

  /** Nothing of the pod is left. */
  boolean isOver() {
    return over;
  }

  void take(PodMailbox.Mail mail) {
    mail.pod()
        .ifPresent(
            next -> {
              volumesStale |= Volumes.showMetadata(next) && !metadataIsSame(context.pod(), next);
              records.retryChanged(context.pod(), next);
              context.pod(next);
            });
    gone |= mail.gone();
    if (mail.referencesChanged()) {
      volumesStale = true;
      refreshNotBefore = Instant.MIN;
      records.retryRefused();
    }
    records.take(mail);
    for (PodMailbox.Unhealthy unhealthy : mail.unhealthy()) {
      records
          .of(unhealthy.containerId())
          .ifPresent(
              c ->
                  stop(
                      c,
                      unhealthy.grace().orElseGet(context.pod()::gracePeriod),
                      unhealthy.message()));
    }
    mail.hooks().forEach((id, failed) -> records.of(id).ifPresent(c -> hooked(c, id, failed)));
  }

  private static boolean metadataIsSame(PodView one, PodView other) {
    return one.object().labels().equals(other.object().labels())
        && one.object().annotations().equals(other.object().annotations());
  }

  /** One look at the pod; says how long to wait for the next. */
  Duration step() throws InterruptedException {
    try {
      if (gone || context.pod().object().isBeingDeleted()) {
        return end();
      }
      if (rejection.isPresent()) {
        return statuses.write(context.pod(), PodStatus.rejected(context.pod(), rejection.get()))
            ? IDLE
            : RETRY;
      }
      if (context.pod().isFinished() || terminal.isPresent() || failure.isPresent()) {
        return settle();
      }
      return keep();
    } catch (RuntimeException e) {
      LOG.warn("pod {}: {}", context.pod().object().key(), e.toString(), e);
      services
          .events()
          .warning(context.pod().object(), "FailedSync", String.valueOf(e.getMessage()));
      return RETRY;
    }
  }

  /** Brings the pod nearer to what its specification says. */
  private Duration keep() throws InterruptedException {
    Instant now = services.clock().instant();
    if (startedAt.isEmpty()) {
      startedAt = context.pod().object().instant("status", "startTime").or(() -> Optional.of(now));
    }
    Optional<Instant> deadline = deadline();
    if (deadline.filter(d -> !d.isAfter(now)).isPresent()) {
      String text = "Pod was active on the node longer than the specified deadline";
      failure = Optional.of(new PodStatus.Failure("DeadlineExceeded", text));
      services.events().normal(context.pod().object(), "DeadlineExceeded", text);
      return settle();
    }
    records.recheck();
    PodPlan plan = plan();
    if (plan.terminal().isPresent()) {
      terminal = plan.terminal();
      return settle();
    }
    plan.stop()
        .forEach(c -> stop(c, context.pod().gracePeriod(), "Stopping container " + c.name()));
    boolean complete = startAll(plan.start());
    preparationFailures = complete ? 0 : preparationFailures + 1;
    restartChanged();
    refreshVolumes(now);
    crashLoops = plan.crashLoops();
    crashLoops.keySet().forEach(this::tellOfCrashLoop);
    watches.follow(records);
    boolean told = publish();
    useReferences();
    PodPlan next = plan();
    boolean more =
        next.terminal().isPresent()
            || !next.stop().equals(plan.stop())
            || next.start().stream().anyMatch(c -> !pulls.isUnderWay(c));
    if (more && complete && told && !records.isInHook()) {
      return Duration.ZERO;
    }
    Duration wait = waitFor(next, deadline);
    if (!complete) {
      wait = shorter(wait, RETRY.multipliedBy(1L << Math.min(preparationFailures - 1, 4)));
    }
    return told ? wait : shorter(wait, RETRY);
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /** A container whose image was changed in the specification starts anew. */
  private void restartChanged() {
    for (ContainerView container : context.pod().containers()) {
      boolean changed =
          records
              .get(container)
              .status()
              .map(s -> s.labels().get(ContainerStart.LABEL_IMAGE_NAME))
              .filter(name -> !name.equals(container.image()))
              .isPresent();
      if (changed) {
        stop(
            container,
            context.pod().gracePeriod(),
            "Container " + container.name() + " definition changed, will be restarted");
      }
    }
  }

  private PodPlan plan() {
    return PodPlan.of(
        context.pod(),
        records.all(),
        context.sandbox().map(SandboxStatus::id),
        services.clock().instant());
  }

  private Duration waitFor(PodPlan plan, Optional<Instant> deadline) {
    Instant now = services.clock().instant();
    Instant wake = now.plus(IDLE);
    wake = earlier(wake, plan.wakeAt());
    wake = earlier(wake, deadline);
    wake = earlier(wake, context.hasVolumes() ? refreshAt() : Optional.empty());
    if (records.all().values().stream().anyMatch(ContainerLauncher::hasFailedPull)) {
      wake = earlier(wake, Optional.of(now.plus(SHOWN)));
    }
    Duration wait = Duration.between(now, wake);
    return wait.isNegative() ? Duration.ZERO : wait;
  }

  private static Instant earlier(Instant one, Optional<Instant> other) {
    return other.filter(o -> o.isBefore(one)).orElse(one);
  }

  private Optional<Instant> deadline() {
    OptionalLong seconds = context.pod().activeDeadlineSeconds();
    return seconds.isPresent()
        ? startedAt.map(at -> at.plusSeconds(seconds.getAsLong()))
        : Optional.empty();
  }

  /** Makes what the pod needs, images beside it, then starts the containers in turn. */
  private boolean startAll(List<ContainerView> containers) throws InterruptedException {
    showBackOffs(containers);
    // what an earlier process made is brought up to date once
    boolean adopted = !prepared && context.isSandboxReady();
    if (records.isInHook() || (containers.isEmpty() && !adopted)) {
      return true;
    }
    containers.forEach(c -> pulls.begin(c, records.get(c).nextAttempt()));
    prepared = preparation.run();
    if (!prepared) {
      return false;
    }
    startReferences = new UsedReferences(services.client());
    for (ContainerView container : containers) {
      Optional<PodImage> image = pulls.take(container, records.get(container).nextAttempt());
      if (image.isEmpty()) {
        continue;
      }
      ContainerRecord before = records.get(container);
      ContainerRecord after = launcher.start(container, before, image.get(), startReferences);
      records.put(container, before, after);
      if (after.isRunning() && ContainerLauncher.hasPostStart(container)) {
        String id = after.current().orElseThrow().id();
        records.beginHook(id);
        launcher.beginPostStart(container, id);
        return true;
      }
    }
    return true;
  }

  /** Shows pulls that failed as waiting for the next try, a while after they failed. */
  private void showBackOffs(List<ContainerView> starting) {
    Instant now = services.clock().instant();
    for (ContainerView container : context.pod().containers()) {
      ContainerRecord record = records.get(container);
      if (ContainerLauncher.hasFailedPull(record)
          && !starting.contains(container)
          && record.retryAt().filter(at -> at.isAfter(now)).isPresent()
          && records.failedAt(container).plus(SHOWN).compareTo(now) <= 0) {
        records.replace(container, launcher.backingOff(container, record));
      }
    }
  }

  private void hooked(ContainerView container, String id, Optional<String> failed) {
    records.endHook(id);
    if (failed.isPresent()) {
      services
          .events()
          .record(
              context.pod().object(),
              container.fieldPath(),
              EventRecorder.Type.WARNING,
              "FailedPostStartHook",
              "PostStartHook failed: " + failed.get());
      stop(container, context.pod().gracePeriod(), "FailedPostStartHook");
    }
  }

  private void refreshVolumes(Instant now) {
    boolean due = context.renewAt().filter(at -> !at.isAfter(now)).isPresent();
    if (!context.hasVolumes() || !(volumesStale || due) || now.isBefore(refreshNotBefore)) {
      return;
    }
    boolean fresh = preparation.refreshVolumes();
    volumesStale = !fresh;
    refreshNotBefore = fresh ? Instant.MIN : now.plus(REFRESH_RETRY);
  }

  /** When the content of the volumes is to be made anew. */
  private Optional<Instant> refreshAt() {
    Optional<Instant> due = volumesStale ? Optional.of(refreshNotBefore) : context.renewAt();
    return due.map(at -> at.isBefore(refreshNotBefore) ? refreshNotBefore : at);
  }

  /** Says what a change of would matter to this pod. */
  private void useReferences() {
    var uses = new HashMap<>(context.volumeReferences().versions());
    if (records.waitsForConfiguration()) {
      uses.putAll(startReferences.versions());
    }
    services.references().use(context.pod().uid(), uses, mailbox::referencesChanged);
  }

  private void stop(ContainerView container, Duration grace, String why) {
    ContainerRecord record = records.get(container);
    if (record.isRunning()) {
      stops.begin(container, record, grace, why);
    }
  }

  /** Ends what runs of a pod that is over, tells how it ended, and releases all but its logs. */
  private Duration settle() {
    watches.close();
    pulls.close();
    services.references().release(context.pod().uid());
    boolean known = context.pod().isFinished();
    if (known && terminal.isEmpty()) {
      boolean succeeded =
          context.pod().object().status().string("phase").filter("Succeeded"::equals).isPresent();
      terminal = Optional.of(succeeded ? PodPlan.Terminal.SUCCEEDED : PodPlan.Terminal.FAILED);
    }
    boolean running = ending.stopRunning();
    // a status from before this process is not touched, unless something still ran
    boolean told = known && !ending.hasBegun() || publish();
    if (running || !told) {
      return told ? IDLE : RETRY;
    }
    active = false;
    return ending.release() ? IDLE : RETRY;
  }

  /** Ends a pod whose object is being deleted, or is gone. */
  private Duration end() {
    watches.close();
    pulls.close();
    services.references().release(context.pod().uid());
    records.recheck();
    if (ending.stopRunning()) {
      return IDLE;
    }
    boolean toTell = !gone && !records.all().isEmpty() && !context.pod().isFinished();
    if (toTell && !ending.isReleased()) {
      terminal = Optional.of(PodPlan.outcome(context.pod(), records.all()));
      publish();
    }
    if (!ending.release()) {
      return RETRY;
    }
    active = false;
    if (!ending.deleteLogs() || !(gone || ending.deleteObject())) {
      return RETRY;
    }
    over = true;
    return Duration.ZERO;
  }

  private void tellOfCrashLoop(String container) {
    context
        .pod()
        .container(container)
        .filter(records::tellsFirst)
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

  private boolean publish() {
    return statuses.write(
        context.pod(),
        PodStatus.of(
            new PodStatus.Facts(
                context.pod(),
                Map.copyOf(records.all()),
                crashLoops,
                terminal,
                failure,
                services.config().address(),
                context.address(),
                context.isSandboxReady() && context.address().isPresent(),
                startedAt.or(() -> context.pod().object().instant("status", "startTime")),
                services.clock().instant())));
  }

  @Override
  public void close() {
    watches.close();
    pulls.close();
    services.references().release(context.pod().uid());
  }
}
