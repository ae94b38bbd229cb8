package dev.nacelle.api.custom;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/** What becomes of a {@code CustomResourceDefinition}. Pure. */
public final class CustomDefinitions {
  private CustomDefinitions() {}

  /**
   * The kind that an accepted definition makes; its names are those of {@code
   * status.acceptedNames}.
   */
  public static ResourceDefinition toDefinition(KubeObject crd) {
    throw new UnsupportedOperationException("not yet");
  }

  /** What is wrong with a definition; empty if nothing. */
  public static List<FieldError> validate(KubeObject crd) {
    throw new UnsupportedOperationException("not yet");
  }

  public static List<FieldError> validateUpdate(KubeObject crd, KubeObject old) {
    throw new UnsupportedOperationException("not yet");
  }

  /** Whether the definition is to be served: its names are accepted and it is established. */
  public static boolean isEstablished(KubeObject crd) {
    throw new UnsupportedOperationException("not yet");
  }

  /**
   * The status that a definition must have beside the present ones: NamesAccepted, Established,
   * accepted names, stored versions. Equal to the present status where nothing is to be done.
   *
   * @param present all definitions, built-in and custom; that of {@code crd} itself is passed over
   */
  public static JsonObject planStatus(
      KubeObject crd, Collection<ResourceDefinition> present, Instant now) {
    throw new UnsupportedOperationException("not yet");
  }
}
