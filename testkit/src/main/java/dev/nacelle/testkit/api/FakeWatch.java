package dev.nacelle.testkit.api;

import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.status.ApiException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A watch that reads the log of its API from a revision on; it knows of selectors. */
final class FakeWatch implements ObjectWatch {

  /** One event of the whole API. */
  record Entry(long revision, ResourceType type, Event event) {}

  private final FakeApiClient api;
  private final ResourceType type;
  private final ListOptions options;
  private final long after;

  /** Guarded by the API, as all below. */
  private int position;

  private boolean closed;

  FakeWatch(FakeApiClient api, ResourceType type, ListOptions options, long after) {
    this.api = api;
    this.type = type;
    this.options = options;
    this.after = after;
  }

  @Override
  public Optional<Event> next(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    synchronized (api) {
      while (!closed) {
        Optional<Event> event = api.isHeld() ? Optional.empty() : poll();
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (event.isPresent() || left <= 0) {
          return event;
        }
        api.wait(left);
      }
    }
    throw ApiException.unavailable("the watch is closed");
  }

  private Optional<Event> poll() {
    List<Entry> log = api.log();
    while (position < log.size()) {
      Entry entry = log.get(position++);
      boolean ours =
          entry.revision() > after
              && entry.type().groupResource().equals(type.groupResource())
              && FakeApiClient.selects(options, entry.event().object());
      if (ours) {
        return Optional.of(entry.event());
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    synchronized (api) {
      closed = true;
      api.notifyAll();
    }
  }
}
