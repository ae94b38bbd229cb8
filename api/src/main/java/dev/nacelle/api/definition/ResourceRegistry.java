package dev.nacelle.api.definition;

import dev.nacelle.api.object.GroupVersionKind;
import java.util.List;
import java.util.Optional;

/**
 * The kinds that are served now; changes as custom definitions come and go. Safe for any thread;
 * look-ups do not lock.
 */
public interface ResourceRegistry {

  /** The definition by group and plural, whatever the versions. */
  Optional<ResourceDefinition> find(String group, String plural);

  /** The definition that serves a kind in a version. */
  Optional<ResourceDefinition> find(GroupVersionKind kind);

  /** All definitions, built-in first, in a stable order. */
  List<ResourceDefinition> all();

  /** Grows with each change. */
  long generation();
}
