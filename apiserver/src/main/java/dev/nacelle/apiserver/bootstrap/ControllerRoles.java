package dev.nacelle.apiserver.bootstrap;

import static dev.nacelle.apiserver.bootstrap.Rules.APPS;
import static dev.nacelle.apiserver.bootstrap.Rules.AUTHORIZATION;
import static dev.nacelle.apiserver.bootstrap.Rules.CERTIFICATES;
import static dev.nacelle.apiserver.bootstrap.Rules.CORE;
import static dev.nacelle.apiserver.bootstrap.Rules.DISCOVERY;
import static dev.nacelle.apiserver.bootstrap.Rules.OWN;
import static dev.nacelle.apiserver.bootstrap.Rules.RBAC;
import static dev.nacelle.apiserver.bootstrap.Rules.READ;
import static dev.nacelle.apiserver.bootstrap.Rules.on;
import static dev.nacelle.apiserver.bootstrap.Rules.onNamed;
import static dev.nacelle.apiserver.bootstrap.Rules.recordEvents;

import dev.nacelle.apiserver.auth.rbac.PolicyRule;
import java.util.ArrayList;
import java.util.List;

/**
 * The default roles of the controllers, each for a service account of its own in kube-system: those
 * of upstream, and what ours ask for beyond them.
 */
final class ControllerRoles {
  private static final String PREFIX = "system:controller:";

  static final List<DefaultRole> ROLES =
      List.of(
          role(
              "deployment-controller",
              on("get list update watch", APPS, "deployments"),
              on("update", APPS, "deployments/status"),
              on("update", APPS, "deployments/finalizers"),
              on("create delete get list patch update watch", APPS, "replicasets"),
              on("get list update watch", CORE, "pods"),
              recordEvents(),
              // ours notes the revision by a patch
              on("patch", APPS, "deployments")),
          role(
              "replicaset-controller",
              on("get list update watch", APPS, "replicasets"),
              on("update", APPS, "replicasets/status"),
              on("update", APPS, "replicasets/finalizers"),
              on("create delete list patch watch", CORE, "pods"),
              recordEvents()),
          role(
              "endpointslice-controller",
              on(READ, CORE, "nodes pods services"),
              on("update", CORE, "services/finalizers"),
              on("create delete get list update watch", DISCOVERY, "endpointslices"),
              recordEvents()),
          role(
              "endpoint-controller",
              on(READ, CORE, "pods services"),
              on("create delete get list update watch", CORE, "endpoints"),
              on("create", CORE, "endpoints/restricted"),
              recordEvents()),
          role(
              "namespace-controller",
              on("delete get list watch", CORE, "namespaces"),
              on("update", CORE, "namespaces/finalize namespaces/status"),
              on("delete deletecollection get list watch", "*", "*")),
          role(
              "generic-garbage-collector",
              on("delete get list patch update watch", "*", "*"),
              recordEvents()),
          role("service-account-controller", on("create", CORE, "serviceaccounts"), recordEvents()),
          // which ranges of addresses the nodes have is in a ConfigMap: see NamespaceRoles
          role(
              "node-controller",
              on("delete get list patch update watch", CORE, "nodes"),
              on("patch update", CORE, "nodes/status"),
              on("patch update", CORE, "pods/status"),
              on("delete get list watch", CORE, "pods"),
              recordEvents()),
          role(
              "pod-garbage-collector",
              on("delete list watch", CORE, "pods"),
              on(READ, CORE, "nodes"),
              on("patch", CORE, "pods/status")),
          role(
              "clusterrole-aggregation-controller",
              on("escalate get list patch update watch", RBAC, "clusterroles")),
          role("root-ca-cert-publisher", on("create update", CORE, "configmaps"), recordEvents()),
          role(
              "certificate-controller",
              on("delete get list watch", CERTIFICATES, "certificatesigningrequests"),
              on(
                  "update",
                  CERTIFICATES,
                  "certificatesigningrequests/approval certificatesigningrequests/status"),
              onNamed(
                  "approve",
                  CERTIFICATES,
                  "signers",
                  "kubernetes.io/kube-apiserver-client-kubelet"),
              onNamed(
                  "sign",
                  CERTIFICATES,
                  "signers",
                  "kubernetes.io/kube-apiserver-client"
                      + " kubernetes.io/kube-apiserver-client-kubelet"
                      + " kubernetes.io/kubelet-serving"
                      + " kubernetes.io/legacy-unknown"),
              on("create", AUTHORIZATION, "subjectaccessreviews"),
              recordEvents(),
              // ours also approves a node's serving certificate, for addresses of its own
              onNamed("approve", CERTIFICATES, "signers", "kubernetes.io/kubelet-serving"),
              on("get list", CORE, "nodes"),
              onNamed("get", CORE, "endpoints services", "kubernetes")),
          role(
              "ngroup-controller",
              on("list patch watch", OWN, "ngroups"),
              on("update", OWN, "ngroups/status"),
              on("list watch", OWN, "containergroupprofiles"),
              on("list watch", APPS, "controllerrevisions"),
              on("list watch", CORE, "nodes"),
              on("create delete list watch", CORE, "pods"),
              recordEvents()),
          role(
              "profile-controller",
              on("list watch", OWN, "containergroupprofiles"),
              on("update", OWN, "containergroupprofiles/status"),
              on("list watch", OWN, "ngroups"),
              on("create delete list watch", APPS, "controllerrevisions")));

  static final List<DefaultBinding> BINDINGS = bindings();

  private ControllerRoles() {}

  private static DefaultRole role(String name, PolicyRule... rules) {
    return DefaultRole.cluster(PREFIX + name, rules);
  }

  private static List<DefaultBinding> bindings() {
    var result = new ArrayList<DefaultBinding>();
    for (DefaultRole role : ROLES) {
      String name = role.key().name();
      result.add(DefaultBinding.cluster(name, "account " + name.substring(PREFIX.length())));
    }
    return List.copyOf(result);
  }
}
