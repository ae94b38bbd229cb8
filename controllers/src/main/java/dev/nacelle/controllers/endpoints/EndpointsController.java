package dev.nacelle.controllers.endpoints;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.Expectations;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Applies {@link EndpointSlicePlan} and {@link EndpointsPlan}, each under its own identity. */
public final class EndpointsController {
  private static final int WORKERS = 4;
  private static final Duration SYNC_WAIT = Duration.ofMillis(20);
  private static final String BY_NAMESPACE = "controllers: namespace";
  private static final String BY_SERVICE = "controllers: service";

  private final Informer services;
  private final Informer pods;
  private final Informer nodes;
  private final Informer slices;

  private EndpointsController(ControllerContext context) {
    this.services = context.informer(Resources.SERVICES);
    this.pods = context.informer(Resources.PODS);
    this.nodes = context.informer(Resources.NODES);
    this.slices = context.informer(Resources.ENDPOINT_SLICES);
  }

  /** Starts the writers of slices and of Endpoints. */
  public static RunningController start(ControllerContext slicing, ControllerContext mirroring) {
    var controller = new EndpointsController(slicing);
    var slicer = controller.new Slicer(slicing);
    var mirror = controller.new Mirror(mirroring);
    var sliceLoop = new ReconcileLoop(slicing.name(), slicer, WORKERS);
    var mirrorLoop = new ReconcileLoop(mirroring.name(), mirror, WORKERS);
    controller.pods.index(BY_NAMESPACE, o -> List.of(o.namespace()));
    controller.services.index(BY_NAMESPACE, o -> List.of(o.namespace()));
    controller.slices.index(BY_SERVICE, o -> List.of(serviceOf(o).toString()));
    controller.services.listen(
        (before, after) ->
            before
                .or(() -> after)
                .ifPresent(
                    service -> {
                      sliceLoop.enqueue(service.key());
                      mirrorLoop.enqueue(service.key());
                    }));
    controller.pods.listen(
        (before, after) -> {
          if (matters(before, after)) {
            controller.enqueueFor(before, sliceLoop, mirrorLoop);
            controller.enqueueFor(after, sliceLoop, mirrorLoop);
          }
        });
    controller.slices.listen((before, after) -> slicer.sliceChanged(sliceLoop, before, after));
    slicing
        .informer(Resources.ENDPOINTS)
        .listen(
            (before, after) -> {
              if (after.isEmpty()) {
                before.ifPresent(gone -> mirrorLoop.enqueue(gone.key()));
              }
            });
    sliceLoop.start();
    mirrorLoop.start();
    return () -> {
      sliceLoop.close();
      mirrorLoop.close();
    };
  }

  /** Most changes of a pod do not touch its endpoints. */
  private static boolean matters(Optional<KubeObject> before, Optional<KubeObject> after) {
    if (before.isEmpty() || after.isEmpty()) {
      return true;
    }
    KubeObject then = before.get();
    KubeObject now = after.get();
    return !then.uid().equals(now.uid())
        || then.isBeingDeleted() != now.isBeingDeleted()
        || !then.labels().equals(now.labels())
        || !then.spec().string("nodeName").equals(now.spec().string("nodeName"))
        || !then.status().get("podIPs").equals(now.status().get("podIPs"))
        || !then.status().get("podIP").equals(now.status().get("podIP"))
        || !then.status().get("phase").equals(now.status().get("phase"))
        || !then.status().get("conditions").equals(now.status().get("conditions"));
  }

  private void enqueueFor(Optional<KubeObject> pod, ReconcileLoop... loops) {
    if (pod.isEmpty()) {
      return;
    }
    for (KubeObject service : services.by(BY_NAMESPACE, pod.get().namespace())) {
      if (selects(service, pod.get())) {
        for (ReconcileLoop loop : loops) {
          loop.enqueue(service.key());
        }
      }
    }
  }

  private static boolean hasSelector(KubeObject service) {
    return !service.spec().object("selector").isEmpty()
        && !service.spec().string("type").orElse("").equals("ExternalName");
  }

  private static boolean selects(KubeObject service, KubeObject pod) {
    return hasSelector(service)
        && pod.labels().entrySet().containsAll(service.spec().strings("selector").entrySet());
  }

  private List<KubeObject> podsOf(KubeObject service) {
    return pods.by(BY_NAMESPACE, service.namespace()).stream()
        .filter(pod -> selects(service, pod))
        .toList();
  }

  private boolean isReady() {
    return services.isSynced() && pods.isSynced() && nodes.isSynced() && slices.isSynced();
  }

  private static ObjectKey serviceOf(KubeObject slice) {
    return new ObjectKey(slice.namespace(), slice.label(EndpointSlicePlan.SERVICE_NAME).orElse(""));
  }

  /** Writes the slices. */
  private final class Slicer implements Reconciler {
    private final ControllerContext context;
    private final Expectations expectations;

    Slicer(ControllerContext context) {
      this.context = context;
      this.expectations = new Expectations(context.clock());
    }

    void sliceChanged(ReconcileLoop loop, Optional<KubeObject> before, Optional<KubeObject> after) {
      after
          .filter(slice -> before.isEmpty())
          .ifPresent(slice -> expectations.creationSeen(serviceOf(slice)));
      before
          .filter(slice -> after.isEmpty())
          .ifPresent(slice -> expectations.deletionSeen(serviceOf(slice), slice.uid()));
      after.or(() -> before).ifPresent(slice -> loop.enqueue(serviceOf(slice)));
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
      Optional<KubeObject> found = services.get(key);
      if (found.isEmpty()) {
        expectations.forget(key);
        return Outcome.SETTLED; // the slices go with their owner
      }
      KubeObject service = found.get();
      if (!hasSelector(service) || service.isBeingDeleted()) {
        return Outcome.SETTLED;
      }
      if (!isReady()) {
        return Outcome.checkAgain(SYNC_WAIT);
      }
      if (!expectations.isSatisfied(key)) {
        return Outcome.checkAgain(Expectations.LONGEST);
      }
      List<KubeObject> chosen = podsOf(service);
      Map<String, KubeObject> nodesByName = new HashMap<>();
      for (KubeObject pod : chosen) {
        String name = pod.spec().string("nodeName").orElse("");
        nodes.get(ObjectKey.cluster(name)).ifPresent(node -> nodesByName.put(name, node));
      }
      List<KubeObject> present =
          slices.by(BY_SERVICE, key.toString()).stream()
              .filter(
                  s ->
                      s.label(EndpointSlicePlan.MANAGED_BY)
                          .orElse("")
                          .equals(EndpointSlicePlan.MANAGER))
              .filter(s -> !s.isBeingDeleted())
              .toList();
      apply(service, EndpointSlicePlan.of(service, chosen, nodesByName, present));
      return Outcome.SETTLED;
    }

    private void apply(KubeObject service, EndpointSlicePlan plan) {
      expectations.expect(
          service.key(),
          plan.create().size(),
          plan.delete().stream().map(KubeObject::uid).collect(Collectors.toSet()));
      try {
        for (KubeObject slice : plan.create()) {
          context.client().create(Resources.ENDPOINT_SLICES, slice, context.write());
        }
        for (KubeObject slice : plan.update()) {
          context.client().update(Resources.ENDPOINT_SLICES, slice, context.write());
        }
        plan.delete().forEach(this::delete);
      } catch (RuntimeException e) {
        expectations.forget(service.key()); // an endpoint in two slices is mended next time
        throw e;
      }
    }

    private void delete(KubeObject slice) {
      try {
        context
            .client()
            .delete(
                Resources.ENDPOINT_SLICES, slice.key(), DeleteOptions.DEFAULT.onlyUid(slice.uid()));
      } catch (ApiException e) {
        expectations.deletionSeen(serviceOf(slice), slice.uid());
        if (!e.isNotFound()) {
          throw e;
        }
      }
    }
  }

  /** Writes the Endpoints. */
  private final class Mirror implements Reconciler {
    private final ControllerContext context;
    private final Informer endpoints;

    Mirror(ControllerContext context) {
      this.context = context;
      this.endpoints = context.informer(Resources.ENDPOINTS);
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
      Optional<KubeObject> service = services.get(key);
      Optional<KubeObject> present = endpoints.get(key);
      if (service.isEmpty()) {
        present.ifPresent(this::deleteOurs);
        return Outcome.SETTLED;
      }
      if (!hasSelector(service.get()) || service.get().isBeingDeleted()) {
        return Outcome.SETTLED;
      }
      if (!isReady() || !endpoints.isSynced()) {
        return Outcome.checkAgain(SYNC_WAIT);
      }
      KubeObject wanted = EndpointsPlan.of(service.get(), podsOf(service.get()));
      if (present.isEmpty()) {
        context.client().create(Resources.ENDPOINTS, wanted, context.write());
      } else if (differs(present.get(), wanted)) {
        JsonObject metadata =
            present.get().metadata().with("labels", wanted.metadata().object("labels"));
        KubeObject next =
            new KubeObject(
                wanted
                    .json()
                    .with(
                        "metadata",
                        wanted.metadata().has("annotations")
                            ? metadata.with("annotations", wanted.metadata().object("annotations"))
                            : metadata.withoutAt("annotations", EndpointsPlan.OVER_CAPACITY)));
        context.client().update(Resources.ENDPOINTS, next, context.write());
      }
      return Outcome.SETTLED;
    }

    private static boolean differs(KubeObject present, KubeObject wanted) {
      return !present.json().array("subsets").equals(wanted.json().array("subsets"))
          || !present.labels().equals(wanted.labels())
          || !present
              .annotation(EndpointsPlan.OVER_CAPACITY)
              .equals(wanted.annotation(EndpointsPlan.OVER_CAPACITY));
    }

    /** Those that somebody else wrote are left alone. */
    private void deleteOurs(KubeObject present) {
      boolean ours =
          present
              .label("endpoints.kubernetes.io/managed-by")
              .orElse("")
              .equals("endpoint-controller");
      if (ours) {
        context
            .client()
            .delete(
                Resources.ENDPOINTS, present.key(), DeleteOptions.DEFAULT.onlyUid(present.uid()));
      }
    }
  }
}
