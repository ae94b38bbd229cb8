package dev.nacelle.store;

import java.util.List;

/**
 * The next events of a watch.
 *
 * @param events in revision order, those of one commit together in one batch and in the order of
 *     its operations; may be empty
 * @param revision every matching event up to here has been delivered, with this batch or before; 0
 *     if nothing is known yet
 */
public record WatchBatch(List<WatchEvent> events, long revision) {
  public WatchBatch {
    events = List.copyOf(events);
  }
}
