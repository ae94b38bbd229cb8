package dev.nacelle.api.custom;

import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.ResourceDefinition.Names;
import dev.nacelle.api.definition.ResourceDefinition.Origin;
import dev.nacelle.api.definition.ResourceDefinition.Scope;
import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.definition.Subresource;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.definition.VersionDefinition.ScalePaths;
import dev.nacelle.api.definition.VersionDefinition.Serving;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What becomes of a {@code CustomResourceDefinition}. Pure. */
public final class CustomDefinitions {
  private CustomDefinitions() {}

  /**
   * The kind that a valid definition makes. Its names are those of {@code status.acceptedNames},
   * else of {@code spec.names}; its versions begin with the one that clients prefer.
   */
  public static ResourceDefinition toDefinition(KubeObject crd) {
    JsonObject accepted = crd.status().object("acceptedNames");
    boolean named = accepted.string("plural").filter(p -> !p.isEmpty()).isPresent();
    Names names = names(named ? accepted : crd.spec().object("names"));
    String group = crd.spec().string("group").orElse("");
    List<VersionDefinition> versions =
        crd.spec()
            .array("versions")
            .objects()
            .sorted(
                Comparator.comparing(
                    v -> v.string("name").orElse(""), KubeVersions.PREFERRED_FIRST))
            .map(v -> version(v, group, names.kind()))
            .toList();
    return new ResourceDefinition(
        group,
        names,
        crd.spec().string("scope").filter("Cluster"::equals).isPresent()
            ? Scope.CLUSTER
            : Scope.NAMESPACED,
        Origin.CUSTOM,
        versions,
        Hooks.NONE);
  }

  private static Names names(JsonObject names) {
    String kind = names.string("kind").orElse("");
    return new Names(
        kind,
        names.string("listKind").orElse(kind + "List"),
        names.string("plural").orElse(""),
        names.string("singular").orElse(kind.toLowerCase(java.util.Locale.ROOT)),
        names.array("shortNames").strings().toList(),
        names.array("categories").strings().toList());
  }

  private static VersionDefinition version(JsonObject version, String group, String kind) {
    String name = version.string("name").orElse("");
    JsonObject subresources = version.object("subresources");
    var served = new ArrayList<Subresource>();
    if (subresources.has("status")) {
      served.add(Subresource.STATUS);
    }
    if (subresources.has("scale")) {
      served.add(Subresource.SCALE);
    }
    Optional<String> warning =
        version.bool("deprecated").orElse(false)
            ? version
                .string("deprecationWarning")
                .or(() -> Optional.of(group + "/" + name + " " + kind + " is deprecated"))
            : Optional.empty();
    return new VersionDefinition(
        name,
        serving(version),
        warning,
        schema(version),
        VersionDefinition.ALL_VERBS,
        served,
        scale(subresources),
        PrinterColumns.of(version.array("additionalPrinterColumns")),
        selectableFields(version));
  }

  private static Serving serving(JsonObject version) {
    boolean isServed = version.bool("served").orElse(false);
    boolean isStored = version.bool("storage").orElse(false);
    if (isStored) {
      return isServed ? Serving.STORED : Serving.STORED_NOT_SERVED;
    }
    return isServed ? Serving.SERVED : Serving.NOT_SERVED;
  }

  /** The schema with the metadata that every object has put in. */
  private static Schema schema(JsonObject version) {
    return version
        .find("schema", "openAPIV3Schema")
        .filter(JsonObject.class::isInstance)
        .map(s -> ResourceSchemas.withMetadata((JsonObject) s))
        .orElse(Schema.ANY);
  }

  private static Optional<ScalePaths> scale(JsonObject subresources) {
    return subresources
        .get("scale")
        .filter(JsonObject.class::isInstance)
        .map(JsonObject.class::cast)
        .map(
            s ->
                new ScalePaths(
                    s.string("specReplicasPath").orElse(""),
                    s.string("statusReplicasPath").orElse(""),
                    s.string("labelSelectorPath").filter(p -> !p.isEmpty())));
  }

  private static List<SelectableField> selectableFields(JsonObject version) {
    return version
        .array("selectableFields")
        .objects()
        .map(f -> f.string("jsonPath").orElse(""))
        .filter(p -> p.startsWith(".") && p.length() > 1)
        .map(p -> SelectableField.at(p.substring(1)))
        .toList();
  }

  /** What is wrong with a definition; empty if nothing. Defaults must be in it already. */
  public static List<FieldError> validate(KubeObject crd) {
    return new DefinitionValidation(crd).run();
  }

  /** As {@link #validate}, and what an update may not change. */
  public static List<FieldError> validateUpdate(KubeObject crd, KubeObject old) {
    return new DefinitionValidation(crd).runUpdate(old);
  }

  /** Whether the definition is to be served: its names are accepted and it is established. */
  public static boolean isEstablished(KubeObject crd) {
    return DefinitionStatus.isTrue(crd, "Established");
  }

  /**
   * The status that a definition must have beside the present ones: NamesAccepted, Established,
   * accepted names, stored versions. Equal to the present status where nothing is to be done.
   *
   * @param present all definitions, built-in and custom; that of {@code crd} itself is passed over
   */
  public static JsonObject planStatus(
      KubeObject crd, Collection<ResourceDefinition> present, Instant now) {
    return new DefinitionStatus(crd, present, now).plan();
  }
}
