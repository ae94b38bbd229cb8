package dev.nacelle.apiserver.auth.node;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.apiserver.auth.Refusals;
import dev.nacelle.base.json.JsonObject;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Keeps nodes to their own Node, their own lease, and the pods that are bound to them. */
public final class NodeRestriction implements ValidatingStep {
  private static final String MIRROR = "kubernetes.io/config.mirror";
  private static final String RESTRICTED = "node-restriction.kubernetes.io";

  private final ClusterView view;

  public NodeRestriction(ClusterView view) {
    this.view = view;
  }

  @Override
  public String name() {
    return "NodeRestriction";
  }

  @Override
  public void validate(AdmissionRequest request) {
    if (!NodeUsers.isNode(request.identity())) {
      return;
    }
    String node =
        NodeUsers.nodeName(request.identity())
            .orElseThrow(
                () ->
                    Refusals.forbidden(
                        request,
                        "could not determine node from user \"" + request.identity().user() + '"'));
    if (request.isFor("", "pods")) {
      pod(request, node);
    } else if (request.isFor("", "nodes")) {
      node(request, node);
    } else if (request.isFor("coordination.k8s.io", "leases")) {
      lease(request, node);
    }
  }

  private void pod(AdmissionRequest request, String node) {
    switch (request.subresource()) {
      case "" -> wholePod(request, node);
      case "status" -> podStatus(request, node);
      case "eviction" ->
          requireOwn(request, node, "can only evict pods with spec.nodeName set to itself");
      default ->
          throw refused(request, node, "cannot use the subresource " + request.subresource());
    }
  }

  private void wholePod(AdmissionRequest request, String node) {
    switch (request.operation()) {
      case CREATE -> mirrorPod(request, node, request.object().orElseThrow());
      case DELETE ->
          requireOwn(request, node, "can only delete pods with spec.nodeName set to itself");
      case UPDATE, CONNECT ->
          throw refused(request, node, "unexpected operation " + request.operation());
    }
  }

  private static void mirrorPod(AdmissionRequest request, String node, KubeObject pod) {
    if (pod.annotation(MIRROR).isEmpty()) {
      throw Refusals.forbidden(
          request,
          "pod does not have \""
              + MIRROR
              + "\" annotation, node \""
              + node
              + "\" can only create mirror pods");
    }
    if (!pod.spec().string("nodeName").orElse("").equals(node)) {
      throw refused(request, node, "can only create pods with spec.nodeName set to itself");
    }
    if (!pod.spec().string("serviceAccountName").orElse("").isEmpty()) {
      throw refused(request, node, "can not create pods that reference a service account");
    }
    for (JsonObject volume : pod.spec().array("volumes").objects().toList()) {
      for (String source :
          new String[] {"secret", "configMap", "persistentVolumeClaim", "projected"}) {
        if (volume.has(source)) {
          throw refused(request, node, "can not create pods that reference " + source + " volumes");
        }
      }
    }
  }

  private void podStatus(AdmissionRequest request, String node) {
    if (request.operation() != Operation.UPDATE) {
      throw refused(request, node, "unexpected operation " + request.operation());
    }
    requireOwn(
        request, node, "can only update pod status for pods with spec.nodeName set to itself");
    Map<String, String> before = request.old().map(KubeObject::labels).orElse(Map.of());
    if (!before.equals(request.object().orElseThrow().labels())) {
      throw refused(request, node, "cannot update labels through pod status");
    }
  }

  private void requireOwn(AdmissionRequest request, String node, String otherwise) {
    Optional<KubeObject> pod =
        request.old().or(() -> view.client().find(Resources.PODS, request.key()));
    // a pod that is not there is answered with 404 further on
    if (pod.isPresent() && !pod.get().spec().string("nodeName").orElse("").equals(node)) {
      throw refused(request, node, otherwise);
    }
  }

  private static void node(AdmissionRequest request, String node) {
    String name =
        request.key().name().isEmpty()
            ? request.object().map(KubeObject::name).orElse("")
            : request.key().name();
    if (!name.equals(node)) {
      throw Refusals.forbidden(
          request, "node \"" + node + "\" is not allowed to modify node \"" + name + '"');
    }
    switch (request.operation()) {
      case CREATE -> labels(request, node, request.object().orElseThrow(), Map.of());
      case UPDATE -> {
        KubeObject now = request.object().orElseThrow();
        KubeObject old = request.old().orElseThrow();
        if (!now.spec().array("taints").equals(old.spec().array("taints"))) {
          throw refused(request, node, "is not allowed to modify taints");
        }
        if (!now.ownerReferences().equals(old.ownerReferences())) {
          throw refused(request, node, "is not allowed to modify ownerReferences");
        }
        labels(request, node, now, old.labels());
      }
      case DELETE, CONNECT -> {
        // its own: allowed
      }
    }
  }

  /** Labels by which people keep workloads on chosen nodes are not the node's own to set. */
  private static void labels(
      AdmissionRequest request, String node, KubeObject now, Map<String, String> before) {
    var touched = new TreeSet<String>();
    now.labels()
        .forEach(
            (key, value) -> {
              if (isRestricted(key) && !value.equals(before.get(key))) {
                touched.add(key);
              }
            });
    before.keySet().stream()
        .filter(key -> isRestricted(key) && !now.labels().containsKey(key))
        .forEach(touched::add);
    if (!touched.isEmpty()) {
      String verb = request.operation() == Operation.CREATE ? "set" : "modify";
      throw refused(
          request, node, "is not allowed to " + verb + " labels: " + String.join(", ", touched));
    }
  }

  private static boolean isRestricted(String key) {
    int slash = key.indexOf('/');
    String domain = slash < 0 ? "" : key.substring(0, slash);
    return domain.equals(RESTRICTED) || domain.endsWith("." + RESTRICTED);
  }

  private static void lease(AdmissionRequest request, String node) {
    if (!request.key().namespace().equals("kube-node-lease")) {
      throw Refusals.forbidden(
          request, "can only access leases in the \"kube-node-lease\" system namespace");
    }
    String name =
        request.operation() == Operation.CREATE
            ? request.object().map(KubeObject::name).orElse("")
            : request.key().name();
    if (!name.equals(node)) {
      throw Refusals.forbidden(
          request, "can only access node lease with the same name as the requesting node");
    }
  }

  private static ApiException refused(AdmissionRequest request, String node, String why) {
    return Refusals.forbidden(request, "node \"" + node + "\" " + why);
  }
}
