package dev.nacelle.api.kinds.events;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.core.CoreKinds;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;

/** The events of the core group in their newer shape; stored as those. */
public final class EventsEventKind {
  private static final EventsEventHooks HOOKS = new EventsEventHooks();

  public static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.events.v1.Event", "events.k8s.io/v1", "Event", "events", "ev")
          .columns(
              CoreKinds.event().storedVersion().columns().stream()
                  .map(EventsEventKind::ofView)
                  .toArray(Column[]::new))
          .selectable("reason", "reportingController", "type")
          .selectable("regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid")
          .hooks(HOOKS)
          .build();

  private EventsEventKind() {}

  private static Column ofView(Column column) {
    return new Column(
        column.name(),
        column.type(),
        column.format(),
        column.description(),
        column.priority(),
        (view, now) -> column.cell().value(new KubeObject(HOOKS.toStored(view.json())), now));
  }
}
