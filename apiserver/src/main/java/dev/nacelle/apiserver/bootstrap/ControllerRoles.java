package dev.nacelle.apiserver.bootstrap;

import static dev.nacelle.apiserver.bootstrap.Rules.APPS;
import static dev.nacelle.apiserver.bootstrap.Rules.AUTHORIZATION;
import static dev.nacelle.apiserver.bootstrap.Rules.CERTIFICATES;
import static dev.nacelle.apiserver.bootstrap.Rules.COORDINATION;
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

/** The default roles of the controllers, each for a service account of its own in kube-system. */
final class ControllerRoles {
  private static final String PREFIX = "system:controller:";

  static final List<DefaultRole> ROLES =
      List.of(
          role(
              "deployment-controller",
              on("get list patch update watch", APPS, "deployments"),
              on("patch update", APPS, "deployments/status deployments/finalizers"),
              on("create delete get list patch update watch", APPS, "replicasets"),
              on("get list patch update watch", CORE, "pods"),
              recordEvents()),
          role(
              "replicaset-controller",
              on("get list patch update watch", APPS, "replicasets"),
              on("patch update", APPS, "replicasets/status replicasets/finalizers"),
              on("create delete get list patch watch", CORE, "pods"),
              on("get list watch", CORE, "nodes"),
              recordEvents()),
          role(
              "endpointslice-controller",
              on(READ, CORE, "services pods nodes"),
              on("patch update", CORE, "services/finalizers"),
              on("create delete get list patch update watch", DISCOVERY, "endpointslices"),
              recordEvents()),
          role(
              "endpoint-controller",
              on(READ, CORE, "services pods"),
              on("create delete get list patch update watch", CORE, "endpoints"),
              on("create get list watch", CORE, "endpoints/restricted"),
              recordEvents()),
          role(
              "namespace-controller",
              on("delete get list watch", CORE, "namespaces"),
              on("patch update", CORE, "namespaces/finalize namespaces/status"),
              on("delete deletecollection get list", "*", "*")),
          role(
              "generic-garbage-collector",
              on("delete get list patch update watch", "*", "*"),
              recordEvents()),
          role(
              "service-account-controller",
              on("create get list patch update watch", CORE, "serviceaccounts"),
              on(READ, CORE, "namespaces"),
              recordEvents()),
          role(
              "node-controller",
              on("delete get list patch update watch", CORE, "nodes"),
              on("patch update", CORE, "nodes/status"),
              on("patch update", CORE, "pods/status"),
              on("delete get list watch", CORE, "pods"),
              on("create get list patch update watch", CORE, "configmaps"),
              on(READ, COORDINATION, "leases"),
              recordEvents()),
          role(
              "pod-garbage-collector",
              on("delete get list watch", CORE, "pods"),
              on("get list watch", CORE, "nodes"),
              on("patch update", CORE, "pods/status")),
          role(
              "clusterrole-aggregation-controller",
              on("escalate get list patch update watch", RBAC, "clusterroles")),
          role(
              "root-ca-cert-publisher",
              on("create get list patch update watch", CORE, "configmaps"),
              on(READ, CORE, "namespaces"),
              recordEvents()),
          role(
              "certificate-controller",
              on("delete get list watch", CERTIFICATES, "certificatesigningrequests"),
              on(
                  "update",
                  CERTIFICATES,
                  "certificatesigningrequests/status certificatesigningrequests/approval"),
              onNamed(
                  "approve",
                  CERTIFICATES,
                  "signers",
                  "kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving"),
              onNamed(
                  "sign",
                  CERTIFICATES,
                  "signers",
                  "kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving"
                      + " kubernetes.io/kube-apiserver-client"),
              on("create", AUTHORIZATION, "subjectaccessreviews"),
              recordEvents()),
          role(
              "ngroup-controller",
              on("get list patch update watch", OWN, "ngroups"),
              on("patch update", OWN, "ngroups/status ngroups/finalizers"),
              on(READ, OWN, "containergroupprofiles"),
              on(READ, APPS, "controllerrevisions"),
              on("create delete get list patch update watch", CORE, "pods"),
              on(READ, CORE, "nodes"),
              recordEvents()),
          role(
              "profile-controller",
              on("get list patch update watch", OWN, "containergroupprofiles"),
              on(
                  "patch update",
                  OWN,
                  "containergroupprofiles/status containergroupprofiles/finalizers"),
              on(READ, OWN, "ngroups"),
              on("create delete get list patch update watch", APPS, "controllerrevisions"),
              recordEvents()));

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
