package dev.nacelle.store;

import dev.nacelle.base.bytes.Bytes;
import java.util.Optional;

/** One change of one key. Events of one commit have the same {@link #modRevision}. */
public sealed interface WatchEvent {
  String key();

  /** The revision of the change. */
  long modRevision();

  /** The value before the change; empty if there was none, or if it was not asked for. */
  Optional<Entry> previous();

  /** The key was made ({@code createRevision == modRevision}) or replaced. */
  record Put(Entry entry, Optional<Entry> previous) implements WatchEvent {
    @Override
    public String key() {
      return entry.key();
    }

    @Override
    public long modRevision() {
      return entry.modRevision();
    }

    public Bytes value() {
      return entry.value();
    }

    public boolean isCreate() {
      return entry.createRevision() == entry.modRevision();
    }
  }

  /** The key was deleted. */
  record Delete(String key, long modRevision, Optional<Entry> previous) implements WatchEvent {}
}
