package dev.nacelle.controllers.garbage;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.OwnerReference;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.garbage.GarbagePlan.OwnerState;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Follows all objects of all resources and applies {@link GarbagePlan}; its keys are UIDs. */
public final class GarbageController implements Reconciler {
  private static final int WORKERS = 8;
  private static final Duration SYNC_WAIT = Duration.ofMillis(50);
  private static final Duration UNKNOWN_WAIT = Duration.ofSeconds(30);

  /** Looks for resources that appeared; the UID is of no object. */
  private static final ObjectKey REFRESH = ObjectKey.cluster("refresh");

  private final ControllerContext context;
  private final Supplier<List<ResourceType>> resources;
  private final OwnerGraph graph = new OwnerGraph();
  private final OwnerLookup owners;
  private final Map<ResourceType, Informer> followed = new ConcurrentHashMap<>();
  private final ReconcileLoop loop;

  private GarbageController(ControllerContext context, Supplier<List<ResourceType>> resources) {
    this.context = context;
    this.resources = resources;
    this.owners = new OwnerLookup(context.client(), graph, resources);
    this.loop = new ReconcileLoop(context.name(), this, WORKERS);
  }

  /** Starts the controller. */
  public static RunningController start(
      ControllerContext context, Supplier<List<ResourceType>> resources) {
    var controller = new GarbageController(context, resources);
    context
        .informer(Resources.CUSTOM_RESOURCE_DEFINITIONS)
        .listen((before, after) -> controller.loop.enqueueAfter(REFRESH, SYNC_WAIT));
    controller.loop.enqueue(REFRESH);
    controller.loop.start();
    return controller.loop::close;
  }

  private synchronized void follow() {
    for (ResourceType type : resources.get()) {
      boolean isEvent = type.resource().equals("events");
      if (!isEvent && !followed.containsKey(type)) {
        Informer informer = context.informer(type);
        followed.put(type, informer);
        informer.listen((before, after) -> changed(type, before, after));
      }
    }
  }

  private void changed(ResourceType type, Optional<KubeObject> before, Optional<KubeObject> after) {
    before
        .filter(old -> after.isEmpty() || !after.get().uid().equals(old.uid()))
        .ifPresent(old -> gone(OwnedItem.of(type, old)));
    if (after.isEmpty()) {
      return;
    }
    OwnedItem item = OwnedItem.of(type, after.get());
    boolean same = before.map(b -> OwnedItem.of(type, b)).filter(item::equals).isPresent();
    if (same) {
      return;
    }
    before.ifPresent(old -> wakeFormerOwners(OwnedItem.of(type, old), item));
    graph.put(item);
    if (item.waitsForDependents() || item.waitsForOrphans()) {
      enqueue(item.uid());
    } else if (!item.owners().isEmpty() && !item.beingDeleted()) {
      boolean held =
          item.owners().stream()
              .allMatch(
                  o -> graph.get(o.uid()).filter(owner -> !owner.waitsForDependents()).isPresent());
      if (!held) {
        enqueue(item.uid());
      }
    }
  }

  private void gone(OwnedItem item) {
    graph.remove(item.uid());
    graph.dependentsOf(item.uid()).forEach(d -> enqueue(d.uid()));
    wakeWaitingOwners(item);
  }

  /** An owner may have waited for a reference that is gone now. */
  private void wakeFormerOwners(OwnedItem before, OwnedItem after) {
    if (!before.owners().equals(after.owners())) {
      wakeWaitingOwners(before);
    }
  }

  private void wakeWaitingOwners(OwnedItem item) {
    for (OwnerReference owner : item.owners()) {
      graph
          .get(owner.uid())
          .filter(o -> o.waitsForDependents() || o.waitsForOrphans())
          .ifPresent(o -> enqueue(o.uid()));
    }
  }

  private void enqueue(String uid) {
    loop.enqueue(ObjectKey.cluster(uid));
  }

  @Override
  public Outcome reconcile(ObjectKey key) {
    if (key.equals(REFRESH)) {
      follow();
      return Outcome.SETTLED;
    }
    if (!followed.values().stream().allMatch(Informer::isSynced)) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    Optional<OwnedItem> known = graph.get(key.name());
    if (known.isEmpty()) {
      return Outcome.SETTLED;
    }
    // the cache may be behind: only the present object may be touched
    Optional<OwnedItem> live =
        context
            .client()
            .find(known.get().type(), known.get().key())
            .filter(o -> o.uid().equals(key.name()))
            .map(o -> OwnedItem.of(known.get().type(), o));
    return live.isEmpty() ? Outcome.SETTLED : collect(live.get());
  }

  private Outcome collect(OwnedItem item) {
    Map<String, OwnerState> states = new HashMap<>();
    item.owners().forEach(o -> states.put(o.uid(), owners.state(o, item)));
    List<OwnedItem> dependents = graph.dependentsOf(item.uid());
    switch (GarbagePlan.of(item, states, dependents)) {
      case GarbagePlan.Keep keep -> {}
      case GarbagePlan.Delete delete ->
          context
              .client()
              .delete(
                  item.type(),
                  item.key(),
                  DeleteOptions.DEFAULT.propagating(delete.propagation()).onlyUid(item.uid()));
      case GarbagePlan.Unlink unlink -> unlink(item, unlink.ownerUids());
      case GarbagePlan.Orphan orphan -> {
        orphan.dependents().forEach(d -> unlink(d, Set.of(item.uid())));
        removeFinalizer(item, OwnedItem.ORPHAN);
      }
      case GarbagePlan.Finish finish -> removeFinalizer(item, OwnedItem.FOREGROUND);
      case GarbagePlan.Wait wait -> wait.dependents().forEach(d -> enqueue(d.uid()));
    }
    return states.containsValue(OwnerState.UNKNOWN)
        ? Outcome.checkAgain(UNKNOWN_WAIT)
        : Outcome.SETTLED;
  }

  private void unlink(OwnedItem item, Set<String> ownerUids) {
    edit(
        item,
        "ownerReferences",
        o -> !(o instanceof JsonObject r && ownerUids.contains(r.string("uid").orElse(""))));
  }

  private void removeFinalizer(OwnedItem item, String finalizer) {
    edit(item, "finalizers", f -> !f.equals(Json.of(finalizer)));
  }

  /** Writes a list of the metadata with fewer entries, if the object is still as it is read. */
  private void edit(OwnedItem item, String list, Predicate<Json> kept) {
    Optional<KubeObject> live =
        context.client().find(item.type(), item.key()).filter(o -> o.uid().equals(item.uid()));
    if (live.isEmpty()) {
      return;
    }
    JsonArray present = live.get().json().array("metadata", list);
    JsonArray rest = new JsonArray(present.items().stream().filter(kept).toList());
    if (rest.equals(present)) {
      return;
    }
    JsonObject metadata =
        JsonObject.builder()
            .put("uid", item.uid())
            .put("resourceVersion", live.get().resourceVersion())
            .put(list, rest)
            .build();
    try {
      context
          .client()
          .patch(
              item.type(),
              item.key(),
              Patch.merge(JsonObject.builder().put("metadata", metadata).build()),
              context.write());
    } catch (ApiException e) {
      if (!e.isNotFound()) {
        throw e;
      }
    }
  }
}
