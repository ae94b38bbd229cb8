package dev.nacelle.apiserver.client;

import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.audit.AuditTrail;
import dev.nacelle.apiserver.pipeline.ResourceWatch;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/** A watch on the watch cache. A quiet watch gives a bookmark now and then. */
final class InProcessWatch implements ObjectWatch {
  private static final long BOOKMARK_NANOS = Duration.ofSeconds(60).toNanos();
  private static final Duration LOOK = Duration.ofMillis(500);

  private final ResourceWatch watch;
  private final AuditTrail trail;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final ArrayDeque<ResourceWatch.Item> waiting = new ArrayDeque<>();
  private long nextBookmark = System.nanoTime() + BOOKMARK_NANOS;

  /**
   * @param trail ends with the watch
   */
  InProcessWatch(ResourceWatch watch, AuditTrail trail) {
    this.watch = watch;
    this.trail = trail;
  }

  @Override
  public Optional<Event> next(Duration timeout) throws InterruptedException {
    long end = System.nanoTime() + timeout.toNanos();
    while (true) {
      if (closed.get()) {
        throw ApiException.unavailable("the watch is closed");
      }
      ResourceWatch.Item item = waiting.poll();
      if (item != null) {
        Optional<Event> event = event(item);
        if (event.isPresent()) {
          return event;
        }
        continue;
      }
      if (System.nanoTime() >= nextBookmark && watch.revision() > 0) {
        nextBookmark = System.nanoTime() + BOOKMARK_NANOS;
        return Optional.of(bookmark(watch.revision()));
      }
      long left = end - System.nanoTime();
      // close() may come from another thread: look for it now and then
      waiting.addAll(watch.next(Duration.ofNanos(Math.max(0, Math.min(left, LOOK.toNanos())))));
      if (waiting.isEmpty() && System.nanoTime() >= end) {
        return Optional.empty();
      }
    }
  }

  private Optional<Event> event(ResourceWatch.Item item) {
    return switch (item) {
      case ResourceWatch.Item.Change change ->
          Optional.of(
              new Event(change.type(), change.object().object(watch.target().version().name())));
      case ResourceWatch.Item.InitialEventsEnd _ -> Optional.empty();
    };
  }

  private Event bookmark(long revision) {
    var object =
        JsonObject.builder()
            .put("kind", watch.target().kind().kind())
            .put("apiVersion", watch.target().kind().apiVersion())
            .put(
                "metadata",
                JsonObject.builder()
                    .put("resourceVersion", Json.of(Long.toString(revision)))
                    .build())
            .build();
    return new Event(EventType.BOOKMARK, new KubeObject(object));
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      trail.complete();
    }
  }
}
