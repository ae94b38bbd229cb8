package dev.nacelle.image.registry;

import dev.nacelle.base.bytes.Bytes;
import java.util.Optional;

/**
 * Somebody near who may have small content that a registry names by its digest. Not trusted, and
 * never asked for what a tag or a person names: that the registry answers says who may pull. Safe
 * for any thread.
 */
@FunctionalInterface
public interface NearContent {
  NearContent NONE = (digest, maxBytes) -> Optional.empty();

  /** The content, if it can be had soon. */
  Optional<Bytes> find(String digest, int maxBytes) throws InterruptedException;
}
