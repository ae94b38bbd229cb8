package dev.nacelle.api.apply;

import dev.nacelle.api.client.WriteOptions.Force;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import java.util.List;
import java.util.Optional;

/** Server-side apply as structured-merge-diff defines it. Pure. */
public final class ServerSideApply {
  private ServerSideApply() {}

  /** What came of it. */
  public sealed interface Result {}

  /**
   * The merged object, its managed fields set; equal to the live object if nothing changed.
   * Defaults and admission are still to run; pass what they change to {@link
   * ManagedFields#afterWrite} under the name of the request's manager.
   */
  public record Applied(KubeObject object) implements Result {}

  /** Others own what the configuration would change. */
  public record Conflicts(List<Conflict> conflicts) implements Result {
    public Conflicts {
      conflicts = List.copyOf(conflicts);
    }

    /** The 409 that upstream answers. */
    public ApiException toException() {
      throw new UnsupportedOperationException("not yet");
    }
  }

  /**
   * A field of another manager.
   *
   * @param manager as messages name it: {@code "kubectl" using apps/v1}
   * @param path as messages name it: {@code .spec.replicas}
   */
  public record Conflict(String manager, String path) {}

  /**
   * Applies a configuration.
   *
   * @param live the object in the version of the applier; empty if it does not exist yet
   * @param configuration what the applier states, in the version of the applier
   * @throws ApiException with code 400 if the configuration does not fit the schema
   */
  public static Result apply(
      FieldWriter applier,
      Optional<KubeObject> live,
      KubeObject configuration,
      Versions versions,
      Force force) {
    throw new UnsupportedOperationException("not yet");
  }
}
