package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.node.probe.ProbeRunner;
import dev.nacelle.node.probe.Prober;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

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
  void follow(Map<String, ContainerRecord> records) {
    for (ContainerView container : context.pod().containers()) {
      ContainerRecord record = records.getOrDefault(container.name(), ContainerRecord.NEW);
      if (!record.isRunning()) {
        continue;
      }
      if (Prober.isNeeded(container.json())) {
        ensure(container, record);
      } else if (!record.probes().ready()) {
        records.put(container.name(), record.probed(new ContainerRecord.ProbeState(true, true)));
      }
    }
    probers
        .entrySet()
        .removeIf(
            entry -> {
              boolean over =
                  records.values().stream()
                      .noneMatch(
                          r ->
                              r.isRunning()
                                  && r.current().orElseThrow().id().equals(entry.getKey()));
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
            record.current().orElseThrow().startedAt().orElse(context.services().clock().instant()),
            new Prober.State(record.probes().started(), record.probes().ready()),
            listener(container, id)));
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
      public void unhealthy(Prober.Kind kind) {
        mailbox.unhealthy(
            new PodMailbox.Unhealthy(
                id,
                "Container "
                    + container.name()
                    + " failed "
                    + kind.word().toLowerCase(Locale.ROOT)
                    + " probe, will be restarted"));
      }
    };
  }

  /** Ends all probers. */
  @Override
  public void close() {
    probers.values().forEach(Prober::close);
    probers.clear();
  }
}
