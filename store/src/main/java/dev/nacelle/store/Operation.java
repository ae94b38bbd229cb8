package dev.nacelle.store;

import dev.nacelle.base.bytes.Bytes;

/** One change of a transaction. */
public sealed interface Operation {
  /**
   * Sets a key.
   *
   * @param lease the lease to attach the key to, or 0; a put without one detaches it
   */
  record Put(String key, Bytes value, long lease) implements Operation {
    public Put {
      KeyRange.requireKey(key);
      if (lease < 0) {
        throw new IllegalArgumentException("cannot put " + key + ": the lease id is negative");
      }
    }
  }

  /** Deletes a key, if it exists. */
  record DeleteKey(String key) implements Operation {
    public DeleteKey {
      KeyRange.requireKey(key);
    }
  }

  /** Deletes all keys that begin with the prefix. */
  record DeletePrefix(String prefix) implements Operation {
    public DeletePrefix {
      KeyRange.requireKey(prefix);
    }
  }
}
