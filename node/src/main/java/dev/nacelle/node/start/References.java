package dev.nacelle.node.start;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ResourceType;
import java.util.Optional;

/** What pods refer to. */
public interface References {

  /** One thing that pods refer to. */
  record Reference(ResourceType type, String namespace, String name) {}

  /** The object as of now, so that a pod never starts with a stale ConfigMap. */
  Optional<KubeObject> find(ResourceType type, String namespace, String name);
}
