package dev.nacelle.api.apply;

import dev.nacelle.api.object.KubeObject;
import java.util.Optional;

/** Keeps {@code metadata.managedFields} through creates, updates and plain patches. Pure. */
public final class ManagedFields {
  private ManagedFields() {}

  /**
   * The written object with its managed fields: the writer owns what it changed, others lose it.
   * Where nothing but times would change, the old entries stay as they are.
   *
   * @param live the object before the write, in the version of the writer; empty on a create
   * @param written the object as it will be stored, in the version of the writer, after defaults
   *     and admission
   */
  public static KubeObject afterWrite(
      FieldWriter writer, Optional<KubeObject> live, KubeObject written, Versions versions) {
    throw new UnsupportedOperationException("not yet");
  }
}
