package dev.nacelle.apiserver.pipeline;

import dev.nacelle.apiserver.storage.StoredObject;

/** A write's outcome. */
public record Written(Effect effect, StoredObject object) {

  /** What became of the object. */
  public enum Effect {
    CREATED,
    UPDATED,
    /** It is marked as deleted but held by finalizers or grace. */
    MARKED_DELETED,
    DELETED
  }
}
