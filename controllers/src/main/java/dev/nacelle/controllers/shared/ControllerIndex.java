package dev.nacelle.controllers.shared;

import dev.nacelle.api.client.Informer;
import dev.nacelle.api.object.KubeObject;
import java.util.ArrayList;
import java.util.List;

/** The index of objects by the UID of their controller, and of orphans by namespace. */
public final class ControllerIndex {
  private static final String NAME = "controllers: controller";

  private ControllerIndex() {}

  /** Adds the index to an informer; again is harmless. */
  public static void on(Informer informer) {
    informer.index(
        NAME, o -> List.of(o.controller().map(c -> c.uid()).orElse("orphan of " + o.namespace())));
  }

  /** What the owner controls, and the orphans of its namespace that it might adopt. */
  public static List<KubeObject> candidates(Informer informer, KubeObject owner) {
    var found = new ArrayList<>(controlledBy(informer, owner.uid()));
    found.addAll(orphans(informer, owner.namespace()));
    return found;
  }

  public static List<KubeObject> controlledBy(Informer informer, String uid) {
    return informer.by(NAME, uid);
  }

  public static List<KubeObject> orphans(Informer informer, String namespace) {
    return informer.by(NAME, "orphan of " + namespace);
  }
}
