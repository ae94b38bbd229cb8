package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.node.probe.Pace;
import dev.nacelle.node.probe.ProbeRunner;
import dev.nacelle.node.probe.Prober;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Keeps a prober for each running container of a pod that has probes. For the pod's worker alone.
 */
final class ContainerWatch implements AutoCloseable {
  private final PodContext context;
  private final PodMailbox mailbox;
  private final Map<String, Prober> probers = new HashMap<>();

  ContainerWatch(PodContext context, PodMailbox mailbox) {
    this.context = context;
    this.mailbox = mailbox;
  }

  /**
   * Starts probers of containers that run, ends those of containers that do not. One without probes
   * is ready once it runs.
   */
  void follow(ContainerRecords records) {
    for (ContainerView container : context.pod().containers()) {
      ContainerRecord record = records.get(container);
      if (!record.isRunning() || records.isInHook(record.current().orElseThrow().id())) {
        continue;
      }
      if (Prober.isNeeded(container.json())) {
        ensure(container, record);
      } else if (!record.probes().ready()) {
        records.replace(container, record.probed(ContainerRecord.ProbeState.PASSED));
      }
    }
    probers
        .entrySet()
        .removeIf(
            entry -> {
              boolean over =
                  records
                      .of(entry.getKey())
                      .filter(container -> records.get(container).isRunning())
                      .isEmpty();
              if (over) {
                entry.getValue().close();
              }
              return over;
            });
  }

  private void ensure(ContainerView container, ContainerRecord record) {
    String id = record.current().orElseThrow().id();
    if (probers.containsKey(id)) {
      return;
    }
    var runner =
        new ProbeRunner(
            context.services().runtime(), id, () -> context.address().orElse(""), container.json());
    probers.put(
        id,
        new Prober(
            container.json(),
            runner,
            record.status().orElseThrow().startedAt().orElse(context.services().clock().instant()),
            new Prober.State(record.probes().started(), record.probes().ready()),
            listener(container, id),
            Pace.OF_HOST));
  }

  private Prober.Listener listener(ContainerView container, String id) {
    return new Prober.Listener() {
      @Override
      public void changed(Prober.State state) {
        mailbox.probed(id, new ContainerRecord.ProbeState(state.started(), state.ready()));
      }

      @Override
      public void failed(Prober.Kind kind, String output) {
        context
            .services()
            .events()
            .record(
                context.pod().object(),
                container.fieldPath(),
                EventRecorder.Type.WARNING,
                "Unhealthy",
                kind.word() + " probe failed: " + output);
      }

      @Override
      public void errored(Prober.Kind kind, String why) {
        context
            .services()
            .events()
            .record(
                context.pod().object(),
                container.fieldPath(),
                EventRecorder.Type.WARNING,
                "Unhealthy",
                kind.word() + " probe errored and resulted in unknown state: " + why);
      }

      @Override
      public void unhealthy(Prober.Kind kind) {
        mailbox.unhealthy(
            new PodMailbox.Unhealthy(
                id,
                "Container "
                    + container.name()
                    + " failed "
                    + kind.word().toLowerCase(Locale.ROOT)
                    + " probe, will be restarted",
                grace(container, kind)));
      }
    };
  }

  private static Optional<Duration> grace(ContainerView container, Prober.Kind kind) {
    OptionalLong seconds = container.json().integer(kind.field(), "terminationGracePeriodSeconds");
    return seconds.isPresent()
        ? Optional.of(Duration.ofSeconds(seconds.getAsLong()))
        : Optional.empty();
  }

  /** Ends all probers. */
  @Override
  public void close() {
    probers.values().forEach(Prober::close);
    probers.clear();
  }
}
