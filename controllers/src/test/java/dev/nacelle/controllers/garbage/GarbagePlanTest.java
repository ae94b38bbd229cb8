package dev.nacelle.controllers.garbage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions.Propagation;
import dev.nacelle.api.object.Resources;
import dev.nacelle.controllers.Yaml;
import dev.nacelle.controllers.garbage.GarbagePlan.OwnerState;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class GarbagePlanTest {
  private static OwnedItem item(String metadata) {
    return OwnedItem.of(
        Resources.PODS, Yaml.object("{metadata: {name: x, namespace: d, uid: x, %s}}", metadata));
  }

  private static final String OWNED =
      "ownerReferences: [{uid: a, kind: K, name: a, blockOwnerDeletion: true},"
          + " {uid: b, kind: K, name: b}]";
  private static final String DELETED = "deletionTimestamp: \"2026-01-01T00:00:00Z\"";

  private static GarbagePlan plan(OwnerState a, OwnerState b) {
    return GarbagePlan.of(item(OWNED), Map.of("a", a, "b", b), List.of());
  }

  @Test
  void anObjectGoesWhenItsLastOwnerIsGone() {
    assertThat(plan(OwnerState.ABSENT, OwnerState.ABSENT))
        .isEqualTo(new GarbagePlan.Delete(Propagation.BACKGROUND));
    assertThat(plan(OwnerState.ABSENT, OwnerState.WAITING))
        .isEqualTo(new GarbagePlan.Delete(Propagation.BACKGROUND));
  }

  @Test
  void anObjectStaysForALivingOwnerAndForgetsTheOthers() {
    assertThat(plan(OwnerState.SOLID, OwnerState.SOLID)).isEqualTo(new GarbagePlan.Keep());
    assertThat(plan(OwnerState.SOLID, OwnerState.ABSENT))
        .isEqualTo(new GarbagePlan.Unlink(Set.of("b")));
    assertThat(plan(OwnerState.WAITING, OwnerState.SOLID))
        .isEqualTo(new GarbagePlan.Unlink(Set.of("a")));
  }

  @Test
  void nothingIsDoneAboutOwnersOfUnknownKinds() {
    assertThat(plan(OwnerState.UNKNOWN, OwnerState.ABSENT)).isEqualTo(new GarbagePlan.Keep());
    assertThat(plan(OwnerState.UNKNOWN, OwnerState.UNKNOWN)).isEqualTo(new GarbagePlan.Keep());
  }

  @Test
  void aForegroundDeletionWaitsForBlockingDependentsOnly() {
    OwnedItem owner = item(DELETED + ", finalizers: [foregroundDeletion]");
    OwnedItem blocking = item("ownerReferences: [{uid: x, blockOwnerDeletion: true}]");
    OwnedItem free = item("ownerReferences: [{uid: x}]");
    assertThat(GarbagePlan.of(owner, Map.of(), List.of(blocking, free)))
        .isEqualTo(new GarbagePlan.Wait(List.of(blocking, free)));
    assertThat(GarbagePlan.of(owner, Map.of(), List.of(free))).isEqualTo(new GarbagePlan.Finish());
  }

  @Test
  void orphansAreSetFree() {
    OwnedItem owner = item(DELETED + ", finalizers: [orphan]");
    OwnedItem dependent = item(OWNED);
    assertThat(GarbagePlan.of(owner, Map.of(), List.of(dependent)))
        .isEqualTo(new GarbagePlan.Orphan(List.of(dependent)));
  }

  @Test
  void anObjectWithDependentsGoesInTheForegroundWithItsOwner() {
    OwnedItem middle = item("ownerReferences: [{uid: a, blockOwnerDeletion: true}]");
    assertThat(GarbagePlan.of(middle, Map.of("a", OwnerState.WAITING), List.of(item(OWNED))))
        .isEqualTo(new GarbagePlan.Delete(Propagation.FOREGROUND));
  }

  @Test
  void whatIsBeingDeletedIsLeftAlone() {
    assertThat(
            GarbagePlan.of(
                item(DELETED + ", " + OWNED),
                Map.of("a", OwnerState.ABSENT, "b", OwnerState.ABSENT),
                List.of()))
        .isEqualTo(new GarbagePlan.Keep());
  }
}
