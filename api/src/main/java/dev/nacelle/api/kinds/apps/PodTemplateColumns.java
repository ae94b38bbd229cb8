package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.definition.Column;
import dev.nacelle.api.kinds.shared.Cells;

/** The wide columns of kinds with a pod template. */
final class PodTemplateColumns {
  static final Column CONTAINERS =
      Cells.text("Containers", o -> Cells.ofContainers(o.spec().object("template", "spec"), "name"))
          .describedAs("Names of the containers in the template.")
          .wide();
  static final Column IMAGES =
      Cells.text("Images", o -> Cells.ofContainers(o.spec().object("template", "spec"), "image"))
          .describedAs("Images of the containers in the template.")
          .wide();
  static final Column SELECTOR =
      Cells.text("Selector", o -> Cells.selector(o.spec().object("selector")))
          .describedAs("Which pods belong to it.")
          .wide();

  private PodTemplateColumns() {}
}
