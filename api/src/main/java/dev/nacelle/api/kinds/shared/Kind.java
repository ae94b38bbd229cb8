package dev.nacelle.api.kinds.shared;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.definition.Subresource;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.object.GroupVersionKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Builds the definition of a built-in kind of one version; namespaced, with all verbs, unless told
 * otherwise. For one thread, used once.
 */
public final class Kind {
  private final GroupVersionKind type;
  private ResourceDefinition.Names names;
  private final String definitionName;
  private ResourceDefinition.Scope scope = ResourceDefinition.Scope.NAMESPACED;
  private Hooks hooks = Hooks.NONE;
  private List<String> verbs = VersionDefinition.ALL_VERBS;
  private final List<Subresource> subresources = new ArrayList<>();
  private Optional<String> deprecation = Optional.empty();
  private Optional<VersionDefinition.ScalePaths> scale = Optional.empty();
  private List<Column> columns = Cells.NAME_AND_CREATION;
  private final List<SelectableField> selectable = new ArrayList<>();

  private Kind(String definitionName, GroupVersionKind type, ResourceDefinition.Names names) {
    this.definitionName = definitionName;
    this.type = type;
    this.names = names;
  }

  /**
   * @param definitionName the name of the schema, as {@link BuiltInSchemas} knows it
   * @param apiVersion {@code v1} or {@code apps/v1}
   */
  public static Kind of(
      String definitionName, String apiVersion, String kind, String plural, String... shortNames) {
    return new Kind(
        definitionName,
        GroupVersionKind.of(apiVersion, kind),
        ResourceDefinition.Names.of(kind, plural, shortNames));
  }

  public Kind in(String... categories) {
    names = names.in(categories);
    return this;
  }

  public Kind clusterScoped() {
    scope = ResourceDefinition.Scope.CLUSTER;
    return this;
  }

  /** The warning that comes with each answer about the kind. */
  public Kind deprecated(String warning) {
    deprecation = Optional.of(warning);
    return this;
  }

  public Kind verbs(String... only) {
    verbs = List.of(only);
    return this;
  }

  public Kind status() {
    subresources.add(Subresource.STATUS);
    return this;
  }

  /** The scale subresource, with the number of replicas at the usual paths. */
  public Kind scale(String labelSelectorPath) {
    subresources.add(Subresource.SCALE);
    scale =
        Optional.of(
            new VersionDefinition.ScalePaths(
                ".spec.replicas", ".status.replicas", Optional.of(labelSelectorPath)));
    return this;
  }

  /** A subresource whose body is an object of the kind itself. */
  public Kind subresource(String name, String... itsVerbs) {
    subresources.add(new Subresource(name, Optional.empty(), List.of(itsVerbs)));
    return this;
  }

  /** A subresource with another body. */
  public Kind subresource(String name, GroupVersionKind body, String... itsVerbs) {
    subresources.add(new Subresource(name, Optional.of(body), List.of(itsVerbs)));
    return this;
  }

  public Kind columns(Column... all) {
    columns = List.of(all);
    return this;
  }

  public Kind selectable(String... paths) {
    for (String path : paths) {
      selectable.add(SelectableField.at(path));
    }
    return this;
  }

  public Kind selectable(SelectableField field) {
    selectable.add(field);
    return this;
  }

  public Kind hooks(Hooks its) {
    hooks = its;
    return this;
  }

  public ResourceDefinition build() {
    return new ResourceDefinition(
        type.group(),
        names,
        scope,
        ResourceDefinition.Origin.BUILT_IN,
        List.of(
            new VersionDefinition(
                type.version(),
                VersionDefinition.Serving.STORED,
                deprecation,
                BuiltInSchemas.reference(definitionName),
                verbs,
                subresources,
                scale,
                columns,
                selectable)),
        hooks);
  }
}
