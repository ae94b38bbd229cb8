package dev.nacelle.controllers.shared;

import dev.nacelle.api.object.ObjectKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What an owner has asked of the API and not yet seen in its cache. While something is expected the
 * owner must not create or delete more. What is not seen within five minutes is no longer waited
 * for. Safe for any thread.
 */
public final class Expectations {
  /** How long is waited for what is not seen. */
  public static final Duration LONGEST = Duration.ofMinutes(5);

  private static final class Entry {
    private int creations;
    private final Set<String> deletions = new HashSet<>();
    private Instant since = Instant.EPOCH;
  }

  private final InstantSource clock;
  private final Map<ObjectKey, Entry> entries = new HashMap<>();

  public Expectations(InstantSource clock) {
    this.clock = clock;
  }

  /** Whether all that the owner expects has been seen. */
  public synchronized boolean isSatisfied(ObjectKey owner) {
    Entry entry = entries.get(owner);
    if (entry == null || (entry.creations <= 0 && entry.deletions.isEmpty())) {
      return true;
    }
    return entry.since.plus(LONGEST).isBefore(clock.instant());
  }

  /** To be called before the creations and deletions are sent. */
  public synchronized void expect(ObjectKey owner, int creations, Set<String> deletions) {
    var entry = new Entry();
    entry.creations = creations;
    entry.deletions.addAll(deletions);
    entry.since = clock.instant();
    entries.put(owner, entry);
  }

  /** One creation was seen, or failed. */
  public synchronized void creationSeen(ObjectKey owner) {
    Entry entry = entries.get(owner);
    if (entry != null) {
      entry.creations--;
    }
  }

  /** A deletion was seen, or failed. */
  public synchronized void deletionSeen(ObjectKey owner, String uid) {
    Entry entry = entries.get(owner);
    if (entry != null) {
      entry.deletions.remove(uid);
    }
  }

  /** The owner is gone, or its writes failed: what the cache says counts. */
  public synchronized void forget(ObjectKey owner) {
    entries.remove(owner);
  }
}
