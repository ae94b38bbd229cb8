package dev.nacelle.api.kinds.containers;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/** A number of container groups made from one profile. */
final class NGroupKind {
  static final ResourceDefinition DEFINITION =
      Kind.of(
              "dev.nacelle.containers.v1.NGroup",
              "containers.nacelle.dev/v1",
              "NGroup",
              "ngroups",
              "ng")
          .in("all")
          .scale(".status.selector")
          .status()
          .columns(
              Cells.NAME,
              Cells.number("Desired", g -> g.spec().integer("replicas").orElse(0))
                  .describedAs("How many groups are wanted."),
              Cells.number("Ready", g -> g.status().integer("readyReplicas").orElse(0))
                  .describedAs("How many groups are ready."),
              Cells.number("Updated", g -> g.status().integer("updatedReplicas").orElse(0))
                  .describedAs("How many groups have the wanted revision of the profile."),
              Cells.text("Profile", NGroupKind::profile)
                  .describedAs("The profile, with its revision where one is asked for."),
              Cells.text(
                      "Zones",
                      g ->
                          Cells.orNone(
                              g.spec().array("zones").strings().collect(Collectors.joining(","))))
                  .describedAs("The zones that the groups are spread over.")
                  .wide(),
              Cells.AGE)
          .hooks(new NGroupHooks())
          .build();

  private NGroupKind() {}

  private static String profile(KubeObject group) {
    String name = group.spec().string("profileRef", "name").orElse("");
    OptionalLong revision = group.spec().integer("profileRef", "revision");
    return revision.isPresent() ? name + "@" + revision.getAsLong() : name;
  }
}
