package dev.nacelle.controllers.node;

import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Gives each node its range of pod addresses. The ranges are first entered in one book, a
 * ConfigMap, whose resourceVersion lets one writer win: two nodes never get the same, whoever else
 * allocates. A range is free again when its node is gone.
 */
public final class PodRangeController implements Reconciler {
  private static final ObjectKey BOOK = new ObjectKey("kube-system", "nacelle-pod-ranges");
  private static final Duration SYNC_WAIT = Duration.ofMillis(20);
  private static final Duration FULL_WAIT = Duration.ofSeconds(30);

  private final ControllerContext context;
  private final Informer nodes;
  private final PodRangePlan plan;

  private PodRangeController(ControllerContext context, String clusterCidr) {
    this.context = context;
    this.nodes = context.informer(Resources.NODES);
    this.plan = new PodRangePlan(clusterCidr);
  }

  /** Starts the controller. */
  public static RunningController start(ControllerContext context, String clusterCidr) {
    var controller = new PodRangeController(context, clusterCidr);
    var loop = new ReconcileLoop(context.name(), controller, 1);
    controller.nodes.listen(
        (before, after) -> {
          boolean lacks = after.filter(node -> range(node).isEmpty()).isPresent();
          if (lacks || after.isEmpty()) {
            after.or(() -> before).ifPresent(node -> loop.enqueue(node.key()));
          }
        });
    loop.start();
    return loop::close;
  }

  private static Optional<String> range(KubeObject node) {
    return node.spec().string("podCIDR").filter(range -> !range.isEmpty());
  }

  @Override
  public Outcome reconcile(ObjectKey key) {
    if (!nodes.isSynced()) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    Optional<KubeObject> node = context.client().find(Resources.NODES, key);
    if (node.isEmpty()) {
      strike(key.name());
      return Outcome.SETTLED;
    }
    if (range(node.get()).isPresent()) {
      return Outcome.SETTLED;
    }
    Optional<String> range = enter(key.name());
    if (range.isEmpty()) {
      context
          .events()
          .warning(
              OwnerKind.NODE.typed(node.get()),
              "CIDRNotAvailable",
              "Node " + key.name() + " status is now: CIDRNotAvailable");
      return Outcome.checkAgain(FULL_WAIT);
    }
    JsonObject spec =
        JsonObject.builder()
            .put("podCIDR", range.get())
            .put("podCIDRs", JsonArray.of(Json.of(range.get())))
            .build();
    JsonObject patch =
        JsonObject.builder()
            .put(
                "metadata",
                JsonObject.builder().put("resourceVersion", node.get().resourceVersion()).build())
            .put("spec", spec)
            .build();
    context.client().patch(Resources.NODES, key, Patch.merge(patch), context.write());
    return Outcome.SETTLED;
  }

  /** Enters the node in the book; a conflict with another writer is thrown, and tried again. */
  private Optional<String> enter(String node) {
    KubeObject book = book();
    Map<String, String> inUse = new LinkedHashMap<>();
    nodes.all().forEach(n -> range(n).ifPresent(r -> inUse.put(n.name(), r)));
    Map<String, String> present = book.json().strings("data");
    Optional<Map<String, String>> next = plan.entered(present, inUse, node);
    if (next.isPresent() && !next.get().equals(present)) {
      write(book, next.get());
    }
    return next.map(n -> n.get(node));
  }

  private void strike(String node) {
    Optional<KubeObject> book = context.client().find(Resources.CONFIG_MAPS, BOOK);
    if (book.isPresent() && book.get().json().strings("data").containsKey(node)) {
      var rest = new LinkedHashMap<>(book.get().json().strings("data"));
      rest.remove(node);
      write(book.get(), rest);
    }
  }

  private KubeObject book() {
    return context
        .client()
        .find(Resources.CONFIG_MAPS, BOOK)
        .orElseGet(
            () ->
                context
                    .client()
                    .create(
                        Resources.CONFIG_MAPS,
                        KubeObject.of(GroupVersionKind.of("v1", "ConfigMap"), BOOK),
                        context.write()));
  }

  private void write(KubeObject book, Map<String, String> ranges) {
    JsonObject data = JsonObject.builder().putStrings("data", ranges).build().object("data");
    context
        .client()
        .update(
            Resources.CONFIG_MAPS, new KubeObject(book.json().with("data", data)), context.write());
  }
}
