package dev.nacelle.api.definition;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What a built-in kind does beyond its schema. All are pure but for the {@link Allocations} handed
 * in. Objects are in the version that the method says; generic metadata (uid, timestamps, names,
 * generation from spec changes, managed fields) is the pipeline's own work. The order on a write:
 * decode, defaults, admission, prepare, allocate, validate.
 */
public interface Hooks {
  /** A kind without hooks. */
  Hooks NONE = new Hooks() {};

  /** Who asks, and when. */
  record Context(Identity identity, Instant now, String version) {}

  /**
   * Fills absent fields as upstream's {@code SetDefaults_*}; idempotent. Called on writes and on
   * reads of old objects.
   */
  default JsonObject applyDefaults(String version, JsonObject object) {
    return object;
  }

  /**
   * From one version to another; identity where the shapes agree but for {@code apiVersion}, which
   * the pipeline sets.
   */
  default JsonObject convert(JsonObject object, String fromVersion, String toVersion) {
    return object;
  }

  /**
   * Before validation of a create: drops status where it is a subresource, sets generation and the
   * like.
   */
  default KubeObject prepareForCreate(Context context, KubeObject object) {
    return object;
  }

  /**
   * Before validation of an update of the main resource; status is already the old one where it is
   * a subresource.
   */
  default KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    return object;
  }

  /**
   * Before validation of an update of the status; spec and most metadata are already the old ones.
   */
  default KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    return object;
  }

  /** Takes cluster-wide unique values (addresses, ports) that commit together with the object. */
  default KubeObject allocate(
      Allocations allocations, KubeObject object, Optional<KubeObject> old) {
    return object;
  }

  /** Gives back, together with the removal of the object, what {@link #allocate} took. */
  default void release(Allocations allocations, KubeObject object) {}

  default List<FieldError> validateCreate(Context context, KubeObject object) {
    return List.of();
  }

  default List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    return List.of();
  }

  default List<FieldError> validateStatusUpdate(
      Context context, KubeObject object, KubeObject old) {
    return List.of();
  }

  /** Texts for the Warning headers of a create ({@code old} is empty) or an update. */
  default List<String> warnings(Context context, KubeObject object, Optional<KubeObject> old) {
    return List.of();
  }

  /**
   * Paths that a write to {@code subresource} (empty: the main resource) never changes and so must
   * not be owned by its manager, such as {@code status}.
   */
  default Set<List<String>> resetFields(String subresource) {
    return Set.of();
  }

  /**
   * Seconds that a deleted object stays with a deletionTimestamp; empty: it goes at once (when no
   * finalizer holds it).
   */
  default OptionalLong deletionGrace(KubeObject object, DeleteOptions options) {
    return OptionalLong.empty();
  }

  /** What the update verb does with a name that does not exist. */
  default OnMissing onUpdateOfMissing() {
    return OnMissing.NOT_FOUND;
  }

  /** See {@link #onUpdateOfMissing}. */
  enum OnMissing {
    NOT_FOUND,
    CREATE
  }
}
