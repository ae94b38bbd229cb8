package dev.nacelle.apiserver.watch;

import dev.nacelle.api.client.ObjectWatch.EventType;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.base.bytes.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One change of one object. The bytes of its frames are made once and shared by all watchers. Safe
 * for any thread.
 */
public final class CacheEvent {
  private static final Predicate<StoredObject> ANY = object -> true;

  private final String key;
  private final long revision;
  private final Optional<StoredObject> current;
  private final Optional<StoredObject> previous;
  private volatile @Nullable Bytes plainFrame;

  CacheEvent(
      String key, long revision, Optional<StoredObject> current, Optional<StoredObject> previous) {
    this.key = key;
    this.revision = revision;
    this.current = current;
    this.previous = previous;
  }

  /** What one watcher sees of an event. */
  public record Seen(EventType type, StoredObject object) {}

  public String key() {
    return key;
  }

  public long revision() {
    return revision;
  }

  /**
   * What a watcher sees that selects some objects: one that begins to match is added, one that
   * ceases to match is deleted, with its last matching content.
   */
  public Optional<Seen> seenBy(Predicate<StoredObject> selects) {
    boolean now = current.filter(selects).isPresent();
    boolean before = previous.filter(selects).isPresent();
    if (now) {
      return Optional.of(
          new Seen(before ? EventType.MODIFIED : EventType.ADDED, current.orElseThrow()));
    }
    return before
        ? Optional.of(new Seen(EventType.DELETED, previous.orElseThrow().at(revision)))
        : Optional.empty();
  }

  /** The frame in the stored version for a watcher without selectors. */
  public Bytes plainFrame() {
    Bytes known = plainFrame;
    if (known == null) {
      Seen seen = seenBy(ANY).orElseThrow();
      String version = seen.object().definition().storedVersion().name();
      known = frame(seen.type(), seen.object().json(version));
      plainFrame = known;
    }
    return known;
  }

  /** {@code {"type":"ADDED","object":{...}}} and a line feed. */
  public static Bytes frame(EventType type, Bytes object) {
    return frame(type.name(), object);
  }

  /** As {@link #frame(EventType, Bytes)}; the type may be {@code ERROR} too. */
  public static Bytes frame(String type, Bytes object) {
    byte[] head = ("{\"type\":\"" + type + "\",\"object\":").getBytes(StandardCharsets.US_ASCII);
    byte[] body = object.unsafeArray();
    byte[] result = new byte[head.length + body.length + 2];
    System.arraycopy(head, 0, result, 0, head.length);
    System.arraycopy(body, 0, result, head.length, body.length);
    result[result.length - 2] = '}';
    result[result.length - 1] = '\n';
    return Bytes.wrap(result);
  }

  int sizeBytes() {
    return 200
        + current.map(o -> o.stored().sizeBytes()).orElse(0)
        + previous.map(o -> o.stored().sizeBytes()).orElse(0);
  }
}
