package dev.nacelle.controllers.account;

import dev.nacelle.api.client.Informer;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.reconcile.Outcome;
import dev.nacelle.api.reconcile.ReconcileLoop;
import dev.nacelle.api.reconcile.Reconciler;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.RunningController;
import java.util.Map;
import java.util.Optional;

/** Keeps one object of a fixed name in every active namespace. */
public final class NamespaceDefaultsController implements Reconciler {
  private static final String DESCRIPTION =
      "Contains a CA bundle that can be used to verify the kube-apiserver when using internal"
          + " endpoints such as the internal service IP or kubernetes.default.svc. No other usage"
          + " is guaranteed across distributions of Kubernetes clusters.";

  private final ControllerContext context;
  private final Informer namespaces;
  private final Informer informer;
  private final ResourceType type;
  private final KubeObject wanted;

  private NamespaceDefaultsController(
      ControllerContext context, ResourceType type, KubeObject wanted) {
    this.context = context;
    this.namespaces = context.informer(Resources.NAMESPACES);
    this.informer = context.informer(type);
    this.type = type;
    this.wanted = wanted;
  }

  /** Keeps the ServiceAccount {@code default}. */
  public static RunningController startServiceAccounts(ControllerContext context) {
    KubeObject account =
        KubeObject.of(GroupVersionKind.of("v1", "ServiceAccount"), ObjectKey.cluster("default"));
    return start(
        context, new NamespaceDefaultsController(context, Resources.SERVICE_ACCOUNTS, account));
  }

  /** Keeps the ConfigMap {@code kube-root-ca.crt} with these certificates. */
  public static RunningController startRootCertificates(ControllerContext context, String pem) {
    KubeObject map =
        new KubeObject(
            KubeObject.of(
                    GroupVersionKind.of("v1", "ConfigMap"), ObjectKey.cluster("kube-root-ca.crt"))
                .withAnnotation("kubernetes.io/description", DESCRIPTION)
                .json()
                .with(
                    "data",
                    JsonObject.builder()
                        .putStrings("m", Map.of("ca.crt", pem))
                        .build()
                        .object("m")));
    return start(context, new NamespaceDefaultsController(context, Resources.CONFIG_MAPS, map));
  }

  private static RunningController start(
      ControllerContext context, NamespaceDefaultsController controller) {
    var loop = new ReconcileLoop(context.name(), controller, 1);
    controller.namespaces.listen(
        (before, after) -> after.ifPresent(ns -> loop.enqueue(ObjectKey.cluster(ns.name()))));
    controller.informer.listen(
        (before, after) ->
            before
                .or(() -> after)
                .filter(o -> o.name().equals(controller.wanted.name()))
                .ifPresent(o -> loop.enqueue(ObjectKey.cluster(o.namespace()))));
    loop.start();
    return loop::close;
  }

  @Override
  public Outcome reconcile(ObjectKey namespace) {
    boolean active =
        namespaces
            .get(namespace)
            .filter(ns -> !ns.isBeingDeleted())
            .filter(ns -> !ns.status().string("phase").orElse("").equals("Terminating"))
            .isPresent();
    if (!active) {
      return Outcome.SETTLED;
    }
    KubeObject local = wanted.withMetadata("namespace", Json.of(namespace.name()));
    Optional<KubeObject> present = informer.get(local.key());
    try {
      if (present.isEmpty()) {
        context.client().create(type, local, context.write());
      } else if (!dataOf(present.get()).equals(dataOf(wanted))) {
        KubeObject mended = new KubeObject(present.get().json().with("data", dataOf(wanted)));
        context.client().update(type, mended, context.write());
      }
    } catch (ApiException e) {
      boolean isEnding = e.isNotFound() || isTerminating(e);
      if (!e.isAlreadyExists() && !isEnding) {
        throw e;
      }
    }
    return Outcome.SETTLED;
  }

  /** Any other refusal, such as a role that is not made yet, is tried again. */
  private static boolean isTerminating(ApiException e) {
    return e.code() == 403
        && e.status().details().causes().stream()
            .anyMatch(cause -> cause.reason().equals("NamespaceTerminating"));
  }

  private static JsonObject dataOf(KubeObject object) {
    return object.json().object("data");
  }
}
