package dev.nacelle.api.kinds.coordination;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;

/** A claim that its holder renews. */
public final class LeaseKind {
  public static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.coordination.v1.Lease", "coordination.k8s.io/v1", "Lease", "leases")
          .columns(
              Cells.NAME,
              Cells.text("Holder", lease -> lease.spec().string("holderIdentity").orElse(""))
                  .describedAs("Who holds it."),
              Cells.AGE)
          .hooks(new LeaseHooks())
          .build();

  private LeaseKind() {}
}
