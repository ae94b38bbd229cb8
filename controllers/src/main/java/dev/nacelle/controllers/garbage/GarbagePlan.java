package dev.nacelle.controllers.garbage;

import dev.nacelle.api.client.DeleteOptions.Propagation;
import dev.nacelle.api.object.OwnerReference;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What becomes of one object, given what is known of its owners and dependents. */
sealed interface GarbagePlan {

  /** Nothing. */
  record Keep() implements GarbagePlan {}

  /** It goes. */
  record Delete(Propagation propagation) implements GarbagePlan {}

  /** It stays for the sake of a living owner; these references go. */
  record Unlink(Set<String> ownerUids) implements GarbagePlan {
    public Unlink {
      ownerUids = Set.copyOf(ownerUids);
    }
  }

  /** Its dependents are set free, then its finalizer goes. */
  record Orphan(List<OwnedItem> dependents) implements GarbagePlan {}

  /** All that blocked it is gone: its finalizer goes. */
  record Finish() implements GarbagePlan {}

  /** Its dependents are to be looked at: they should go first. */
  record Wait(List<OwnedItem> dependents) implements GarbagePlan {}

  /** How an owner is. */
  enum OwnerState {
    /** It is there. */
    SOLID,
    /** It waits for its dependents to be deleted. */
    WAITING,
    /** There is no object of this UID. */
    ABSENT,
    /** Its kind is not known: nothing can be said. */
    UNKNOWN
  }

  /**
   * @param owners the state of each owner, by UID
   */
  static GarbagePlan of(
      OwnedItem item, Map<String, OwnerState> owners, List<OwnedItem> dependents) {
    if (item.waitsForOrphans()) {
      return new Orphan(dependents);
    }
    if (item.waitsForDependents()) {
      boolean blocked = dependents.stream().anyMatch(d -> d.blocks(item.uid()));
      return blocked
          ? new Wait(dependents.stream().filter(d -> !d.beingDeleted()).toList())
          : new Finish();
    }
    if (item.beingDeleted() || item.owners().isEmpty()) {
      return new Keep();
    }
    Set<String> lost = uids(item, owners, Set.of(OwnerState.ABSENT, OwnerState.WAITING));
    boolean held = lost.size() < item.owners().stream().map(OwnerReference::uid).distinct().count();
    if (held) {
      Set<String> absent = uids(item, owners, Set.of(OwnerState.ABSENT));
      boolean solid = owners.containsValue(OwnerState.SOLID);
      Set<String> loose = solid ? lost : absent;
      return loose.isEmpty() || owners.containsValue(OwnerState.UNKNOWN)
          ? new Keep()
          : new Unlink(loose);
    }
    boolean awaited = owners.containsValue(OwnerState.WAITING);
    if (item.finalizers().contains(OwnedItem.ORPHAN)) {
      return new Delete(Propagation.ORPHAN);
    }
    boolean foreground =
        item.finalizers().contains(OwnedItem.FOREGROUND) || (awaited && !dependents.isEmpty());
    return new Delete(foreground ? Propagation.FOREGROUND : Propagation.BACKGROUND);
  }

  private static Set<String> uids(
      OwnedItem item, Map<String, OwnerState> owners, Set<OwnerState> states) {
    return item.owners().stream()
        .map(OwnerReference::uid)
        .filter(uid -> states.contains(owners.getOrDefault(uid, OwnerState.UNKNOWN)))
        .collect(Collectors.toSet());
  }
}
