package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.ObjectWatch.EventType;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.apiserver.watch.CacheEvent;
import dev.nacelle.apiserver.watch.WatchCursor;
import dev.nacelle.base.bytes.Bytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The events that one watcher sees. For one thread. */
public final class ResourceWatch {
  private static final int INITIAL_BATCH = 256;

  private final Target target;
  private final Selection selection;
  private final WatchCursor cursor;
  private final Iterator<StoredObject> initial;
  private final long initialRevision;
  private boolean endsInitial;

  /** One thing that a watcher is told. */
  public sealed interface Item {
    /**
     * A change.
     *
     * @param cause empty for one of the objects that were there when the watch began
     */
    record Change(EventType type, StoredObject object, java.util.Optional<CacheEvent> cause)
        implements Item {

      /** The frame with the object in a version. */
      public Bytes frame(String version, boolean isPlain) {
        return isPlain && cause.isPresent()
            ? cause.get().plainFrame()
            : CacheEvent.frame(type, object.json(version));
      }
    }

    /** All objects that were there when the watch began have been told. */
    record InitialEventsEnd(long revision) implements Item {}
  }

  ResourceWatch(
      Target target,
      Selection selection,
      WatchCursor cursor,
      List<StoredObject> initial,
      long initialRevision,
      boolean endsInitial) {
    this.target = target;
    this.selection = selection;
    this.cursor = cursor;
    this.initial = initial.iterator();
    this.initialRevision = initialRevision;
    this.endsInitial = endsInitial;
  }

  public Target target() {
    return target;
  }

  /** Whether the watcher sees all events of its kind as they are. */
  public boolean isPlain() {
    return selection.isWholeRange()
        && target.version().name().equals(target.definition().storedVersion().name());
  }

  /** The revision up to which everything was handed out. */
  public long revision() {
    return cursor.revision();
  }

  /**
   * Waits for what comes next; empty when nothing came in time.
   *
   * @throws dev.nacelle.api.status.ApiException with code 410 if the watcher was too slow, 503 if
   *     the kind is no longer served in this way or the server ends
   */
  public List<Item> next(Duration timeout) throws InterruptedException {
    if (initial.hasNext()) {
      var items = new ArrayList<Item>();
      while (initial.hasNext() && items.size() < INITIAL_BATCH) {
        items.add(new Item.Change(EventType.ADDED, initial.next(), java.util.Optional.empty()));
      }
      return items;
    }
    if (endsInitial) {
      endsInitial = false;
      return List.of(new Item.InitialEventsEnd(initialRevision));
    }
    var items = new ArrayList<Item>();
    for (CacheEvent event : cursor.next(timeout)) {
      if (selection.covers(event.key())) {
        event
            .seenBy(selection)
            .ifPresent(
                seen ->
                    items.add(
                        new Item.Change(seen.type(), seen.object(), java.util.Optional.of(event))));
      }
    }
    return items;
  }
}
