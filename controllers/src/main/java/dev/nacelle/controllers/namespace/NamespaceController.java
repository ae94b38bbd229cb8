package dev.nacelle.controllers.namespace;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectList;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Batches;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.RunningController;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Deletes all that is in a namespace that is being deleted, the pods first; when nothing is left,
 * takes the finalizer {@code kubernetes} off it.
 */
public final class NamespaceController implements Reconciler {
  private static final String FINALIZER = "kubernetes";
  private static final int PAGE = 500;
  private static final Duration LOOK_AGAIN = Duration.ofMillis(250);

  private final ControllerContext context;
  private final Informer namespaces;
  private final Supplier<List<ResourceType>> resources;

  private NamespaceController(ControllerContext context, Supplier<List<ResourceType>> resources) {
    this.context = context;
    this.namespaces = context.informer(Resources.NAMESPACES);
    this.resources = resources;
  }

  /** Starts the controller. */
  public static RunningController start(
      ControllerContext context, Supplier<List<ResourceType>> resources) {
    var controller = new NamespaceController(context, resources);
    var loop = new ReconcileLoop(context.name(), controller, 4);
    controller.namespaces.listen(
        (before, after) ->
            after.filter(KubeObject::isBeingDeleted).ifPresent(ns -> loop.enqueue(ns.key())));
    loop.start();
    return loop::close;
  }

  @Override
  public Outcome reconcile(ObjectKey key) throws InterruptedException {
    Optional<KubeObject> found = context.client().find(Resources.NAMESPACES, key);
    if (found.isEmpty() || !found.get().isBeingDeleted()) {
      return Outcome.SETTLED;
    }
    KubeObject namespace = found.get();
    List<String> finalizers = namespace.spec().array("finalizers").strings().toList();
    if (!finalizers.contains(FINALIZER)) {
      return Outcome.SETTLED;
    }
    NamespaceContent content = empty(key.name());
    JsonObject status = content.status(namespace.status(), context.now());
    if (!status.equals(namespace.status())) {
      namespace =
          context
              .client()
              .update(Resources.NAMESPACES, namespace.withStatus(status), context.writeStatus());
    }
    if (!content.isEmpty()) {
      return Outcome.checkAgain(LOOK_AGAIN);
    }
    var rest = finalizers.stream().filter(f -> !f.equals(FINALIZER)).<Json>map(Json::of).toList();
    KubeObject finalized =
        namespace.withSpec(namespace.spec().with("finalizers", new JsonArray(rest)));
    try {
      context.client().update(Resources.NAMESPACES, finalized, context.write().of("finalize"));
    } catch (ApiException e) {
      if (!e.isNotFound()) {
        throw e;
      }
    }
    return Outcome.SETTLED;
  }

  /** Deletes what is there, and says what was. */
  private NamespaceContent empty(String namespace) throws InterruptedException {
    List<KubeObject> pods = delete(Resources.PODS, namespace, new ArrayList<>());
    if (!pods.isEmpty()) {
      // what pods use goes after they are gone
      return new NamespaceContent(Map.of(Resources.PODS, pods), List.of());
    }
    Map<ResourceType, List<KubeObject>> remaining = new HashMap<>();
    List<String> failures = new ArrayList<>();
    for (ResourceType type : resources.get()) {
      List<KubeObject> left = delete(type, namespace, failures);
      if (!left.isEmpty()) {
        remaining.put(type, left);
      }
    }
    return new NamespaceContent(remaining, failures);
  }

  private List<KubeObject> delete(ResourceType type, String namespace, List<String> failures)
      throws InterruptedException {
    List<KubeObject> present;
    try {
      present = list(type, namespace);
    } catch (ApiException e) {
      if (e.isNotFound() || e.code() == 405) {
        return List.of(); // not a namespaced resource, or gone meanwhile
      }
      failures.add(type.groupResource() + ": " + e.getMessage());
      return List.of();
    }
    var doomed = present.stream().filter(o -> !o.isBeingDeleted()).toList();
    var result = Batches.all(doomed, object -> delete(type, object));
    result.failure().ifPresent(e -> failures.add(type.groupResource() + ": " + e.getMessage()));
    if (!doomed.isEmpty()) {
      try {
        return list(type, namespace);
      } catch (ApiException e) {
        failures.add(type.groupResource() + ": " + e.getMessage());
      }
    }
    return present;
  }

  /** Objects of cluster-scoped resources have no namespace, and are never meant. */
  private List<KubeObject> list(ResourceType type, String namespace) {
    var result = new ArrayList<KubeObject>();
    String token = "";
    do {
      ObjectList page =
          context.client().list(type, ListOptions.inNamespace(namespace).page(PAGE, token));
      page.items().stream().filter(o -> o.namespace().equals(namespace)).forEach(result::add);
      token = page.continueToken();
    } while (!token.isEmpty());
    return result;
  }

  private void delete(ResourceType type, KubeObject object) {
    try {
      context.client().delete(type, object.key(), DeleteOptions.BACKGROUND.onlyUid(object.uid()));
    } catch (ApiException e) {
      if (!e.isNotFound() && !e.isConflict()) {
        throw e;
      }
    }
  }
}
