package dev.nacelle.api.definition;

import dev.nacelle.api.schema.Schema;
import java.util.List;
import java.util.Optional;

/**
 * One version of a kind.
 *
 * @param serving whether the version is served and whether it is the stored one
 * @param deprecationWarning sent with each reply of a deprecated version
 * @param verbs those of the main resource, as discovery lists them
 * @param subresources besides the main resource; {@code status} and {@code scale} are served by the
 *     pipeline, others by handlers of the server
 */
public record VersionDefinition(
    String name,
    Serving serving,
    Optional<String> deprecationWarning,
    Schema schema,
    List<String> verbs,
    List<Subresource> subresources,
    Optional<ScalePaths> scale,
    List<Column> columns,
    List<SelectableField> selectableFields) {

  public static final List<String> ALL_VERBS =
      List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");

  /** Served to clients or not, stored or not. */
  public enum Serving {
    STORED,
    SERVED,
    STORED_NOT_SERVED,
    NOT_SERVED
  }

  public VersionDefinition {
    verbs = List.copyOf(verbs);
    subresources = List.copyOf(subresources);
    columns = List.copyOf(columns);
    selectableFields = List.copyOf(selectableFields);
  }

  public boolean isStored() {
    return serving == Serving.STORED || serving == Serving.STORED_NOT_SERVED;
  }

  public boolean isServed() {
    return serving == Serving.STORED || serving == Serving.SERVED;
  }

  public boolean hasStatus() {
    return subresource("status").isPresent();
  }

  public Optional<Subresource> subresource(String subresource) {
    return subresources.stream().filter(s -> s.name().equals(subresource)).findFirst();
  }

  /** Where the scale subresource finds its numbers; JSON paths such as {@code .spec.replicas}. */
  public record ScalePaths(
      String specReplicas, String statusReplicas, Optional<String> labelSelector) {}
}
