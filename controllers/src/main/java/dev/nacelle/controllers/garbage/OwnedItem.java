package dev.nacelle.controllers.garbage;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.OwnerReference;
import dev.nacelle.api.object.ResourceType;
import java.util.List;

/** What the collector knows of an object. */
record OwnedItem(
    ResourceType type,
    ObjectKey key,
    String uid,
    List<OwnerReference> owners,
    boolean beingDeleted,
    List<String> finalizers) {
  static final String FOREGROUND = "foregroundDeletion";
  static final String ORPHAN = "orphan";

  static OwnedItem of(ResourceType type, KubeObject object) {
    return new OwnedItem(
        type,
        object.key(),
        object.uid(),
        object.ownerReferences(),
        object.isBeingDeleted(),
        object.finalizers());
  }

  /** Waits for its dependents to be deleted. */
  boolean waitsForDependents() {
    return beingDeleted && finalizers.contains(FOREGROUND);
  }

  /** Waits for its dependents to be set free. */
  boolean waitsForOrphans() {
    return beingDeleted && finalizers.contains(ORPHAN);
  }

  boolean blocks(String ownerUid) {
    return owners.stream().anyMatch(o -> o.uid().equals(ownerUid) && o.blocksOwnerDeletion());
  }
}
