package dev.nacelle.api.kinds.containers;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;

/** The template of a container group; each change of it makes a revision. */
final class ContainerGroupProfileKind {
  static final ResourceDefinition DEFINITION =
      Kind.of(
              "dev.nacelle.containers.v1.ContainerGroupProfile",
              "containers.nacelle.dev/v1",
              "ContainerGroupProfile",
              "containergroupprofiles",
              "cgp")
          .status()
          .columns(
              Cells.NAME,
              Cells.text("Containers", p -> Cells.ofContainers(podSpec(p), "name"))
                  .describedAs("Names of the containers."),
              Cells.text("Images", p -> Cells.ofContainers(podSpec(p), "image"))
                  .describedAs("Images of the containers.")
                  .wide(),
              Cells.number("Revision", p -> p.status().integer("revision").orElse(0))
                  .describedAs("The newest revision."),
              Cells.AGE)
          .hooks(new ContainerGroupProfileHooks())
          .build();

  private ContainerGroupProfileKind() {}

  private static JsonObject podSpec(KubeObject profile) {
    return profile.spec().object("template", "spec");
  }
}
