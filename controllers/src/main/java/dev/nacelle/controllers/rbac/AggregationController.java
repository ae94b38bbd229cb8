package dev.nacelle.controllers.rbac;

import dev.nacelle.api.client.Informer;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Keeps the rules of each ClusterRole with an {@code aggregationRule}. */
public final class AggregationController implements Reconciler {
  private static final Duration SYNC_WAIT = Duration.ofMillis(20);

  private final ControllerContext context;
  private final Informer roles;

  private AggregationController(ControllerContext context) {
    this.context = context;
    this.roles = context.informer(Resources.CLUSTER_ROLES);
  }

  /** Starts the controller. */
  public static RunningController start(ControllerContext context) {
    var controller = new AggregationController(context);
    var loop = new ReconcileLoop(context.name(), controller, 1);
    controller.roles.listen(
        (before, after) -> {
          after.filter(AggregationController::aggregates).ifPresent(r -> loop.enqueue(r.key()));
          controller.roles.all().stream()
              .filter(AggregationController::aggregates)
              .filter(r -> selects(r, before) || selects(r, after))
              .forEach(r -> loop.enqueue(r.key()));
        });
    loop.start();
    return loop::close;
  }

  private static boolean aggregates(KubeObject role) {
    return role.json().find("aggregationRule").isPresent();
  }

  private static boolean selects(KubeObject aggregate, Optional<KubeObject> role) {
    return role.filter(r -> selects(aggregate, r)).isPresent();
  }

  private static boolean selects(KubeObject aggregate, KubeObject role) {
    return !role.name().equals(aggregate.name())
        && aggregate
            .json()
            .array("aggregationRule", "clusterRoleSelectors")
            .objects()
            .anyMatch(s -> LabelSelector.of(s).matches(role.labels()));
  }

  /** The rules of all selected roles, in the order of their names, none twice. */
  static JsonArray rules(KubeObject aggregate, List<KubeObject> roles) {
    Set<Json> rules = new LinkedHashSet<>();
    roles.stream()
        .filter(role -> selects(aggregate, role))
        .sorted(Comparator.comparing(KubeObject::name))
        .forEach(role -> rules.addAll(role.json().array("rules").items()));
    return new JsonArray(List.copyOf(rules));
  }

  @Override
  public Outcome reconcile(ObjectKey key) {
    Optional<KubeObject> aggregate = roles.get(key).filter(AggregationController::aggregates);
    if (aggregate.isEmpty()) {
      return Outcome.SETTLED;
    }
    if (!roles.isSynced()) {
      return Outcome.checkAgain(SYNC_WAIT);
    }
    JsonArray rules = rules(aggregate.get(), roles.all());
    if (!rules.equals(aggregate.get().json().array("rules"))) {
      context
          .client()
          .update(
              Resources.CLUSTER_ROLES,
              new KubeObject(aggregate.get().json().with("rules", rules)),
              context.write());
    }
    return Outcome.SETTLED;
  }
}
