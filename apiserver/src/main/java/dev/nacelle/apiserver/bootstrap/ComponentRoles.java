package dev.nacelle.apiserver.bootstrap;

import static dev.nacelle.apiserver.bootstrap.Rules.APPS;
import static dev.nacelle.apiserver.bootstrap.Rules.AUTHENTICATION;
import static dev.nacelle.apiserver.bootstrap.Rules.AUTHORIZATION;
import static dev.nacelle.apiserver.bootstrap.Rules.CERTIFICATES;
import static dev.nacelle.apiserver.bootstrap.Rules.COORDINATION;
import static dev.nacelle.apiserver.bootstrap.Rules.CORE;
import static dev.nacelle.apiserver.bootstrap.Rules.DISCOVERY;
import static dev.nacelle.apiserver.bootstrap.Rules.NETWORKING;
import static dev.nacelle.apiserver.bootstrap.Rules.POLICY;
import static dev.nacelle.apiserver.bootstrap.Rules.READ;
import static dev.nacelle.apiserver.bootstrap.Rules.STORAGE;
import static dev.nacelle.apiserver.bootstrap.Rules.on;
import static dev.nacelle.apiserver.bootstrap.Rules.onNamed;
import static dev.nacelle.apiserver.bootstrap.Rules.recordEvents;

import dev.nacelle.apiserver.auth.rbac.PolicyRule;
import java.util.List;

/** The default roles that are for the parts of a cluster: nodes, scheduler, signers and so on. */
final class ComponentRoles {
  static final List<PolicyRule> NODE =
      List.of(
          on("create", AUTHENTICATION, "tokenreviews"),
          on("create", AUTHORIZATION, "subjectaccessreviews localsubjectaccessreviews"),
          on(READ, CORE, "services"),
          on("create get list watch", CORE, "nodes"),
          on("patch update", CORE, "nodes/status nodes"),
          on("create patch update", CORE, "events"),
          on(READ, CORE, "pods"),
          on("create delete", CORE, "pods"),
          on("patch update", CORE, "pods/status"),
          on("create", CORE, "pods/eviction"),
          on(READ, CORE, "secrets configmaps"),
          on("get", CORE, "persistentvolumeclaims persistentvolumes"),
          on("get", CORE, "endpoints"),
          on("create get list watch", CERTIFICATES, "certificatesigningrequests"),
          on("create delete get patch update", COORDINATION, "leases"),
          on("get", STORAGE, "volumeattachments"),
          on("create", CORE, "serviceaccounts/token"),
          on("get patch update", CORE, "persistentvolumeclaims/status"),
          on(READ, STORAGE, "csidrivers"),
          on("create delete get patch update", STORAGE, "csinodes"),
          on(READ, "node.k8s.io", "runtimeclasses"));

  static final List<DefaultRole> ROLES =
      List.of(
          DefaultRole.cluster("system:node", NODE.toArray(PolicyRule[]::new)),
          DefaultRole.cluster(
              "system:node-proxier",
              on("list watch", CORE, "services endpoints"),
              on(READ, CORE, "nodes"),
              recordEvents(),
              on("list watch", DISCOVERY, "endpointslices")),
          DefaultRole.cluster(
              "system:node-bootstrapper",
              on("create get list watch", CERTIFICATES, "certificatesigningrequests")),
          DefaultRole.cluster("nacelle:join", on("get", CORE, "nodes")),
          DefaultRole.cluster(
              "nacelle:host",
              on("create get list watch", CERTIFICATES, "certificatesigningrequests"),
              on("create", CERTIFICATES, "certificatesigningrequests/selfnodeserver")),
          DefaultRole.cluster(
              "nacelle:node-network",
              on(READ, CORE, "nodes services namespaces"),
              on(READ, DISCOVERY, "endpointslices"),
              on(READ, NETWORKING, "networkpolicies")),
          DefaultRole.cluster(
              "system:kubelet-api-admin",
              on(READ, CORE, "nodes"),
              on("proxy", CORE, "nodes"),
              on("*", CORE, "nodes/proxy nodes/metrics nodes/stats nodes/log")),
          DefaultRole.cluster("system:auth-delegator", delegation()),
          DefaultRole.cluster("system:kube-dns", on("list watch", CORE, "endpoints services")),
          scheduler(),
          controllerManager(),
          DefaultRole.cluster(
              "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
              on("create", CERTIFICATES, "certificatesigningrequests/nodeclient")),
          DefaultRole.cluster(
              "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
              on("create", CERTIFICATES, "certificatesigningrequests/selfnodeclient")),
          approver("kube-apiserver-client"),
          approver("kube-apiserver-client-kubelet"),
          approver("kubelet-serving"),
          approver("legacy-unknown"));

  static final List<DefaultBinding> BINDINGS =
      List.of(
          // without subjects: the node authorizer gives nodes their rights
          DefaultBinding.cluster("system:node"),
          DefaultBinding.cluster("system:node-proxier", "user system:kube-proxy"),
          DefaultBinding.cluster("system:kube-dns", "account kube-dns"),
          DefaultBinding.cluster("system:kube-scheduler", "user system:kube-scheduler"),
          DefaultBinding.cluster(
              "system:kube-controller-manager", "user system:kube-controller-manager"),
          DefaultBinding.cluster("nacelle:join", "group " + RbacDefaults.JOINING_HOSTS),
          DefaultBinding.cluster("nacelle:host", "group system:nodes"),
          DefaultBinding.cluster("nacelle:node-network", "group system:nodes"),
          DefaultBinding.cluster("nacelle:registry-puller", "group system:nodes"),
          DefaultBinding.cluster("nacelle:registry-tracer", "group system:nodes"),
          DefaultBinding.cluster("nacelle:registry-pusher", "user " + RbacDefaults.IMAGE_WRITER),
          DefaultBinding.toRole(
              "nacelle:node-bootstrap", "system:node-bootstrapper", "group system:bootstrappers"),
          DefaultBinding.toRole(
              "nacelle:node-autoapprove-bootstrap",
              "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
              "group system:bootstrappers"),
          DefaultBinding.toRole(
              "nacelle:node-autoapprove-certificate-rotation",
              "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
              "group system:nodes"));

  private ComponentRoles() {}

  private static PolicyRule[] delegation() {
    return new PolicyRule[] {
      on("create", AUTHENTICATION, "tokenreviews"),
      on("create", AUTHORIZATION, "subjectaccessreviews")
    };
  }

  private static DefaultRole approver(String signer) {
    return DefaultRole.cluster(
        "system:certificates.k8s.io:" + signer + "-approver",
        onNamed("approve", CERTIFICATES, "signers", "kubernetes.io/" + signer));
  }

  private static DefaultRole scheduler() {
    return DefaultRole.cluster(
        "system:kube-scheduler",
        recordEvents(),
        on("create", COORDINATION, "leases"),
        onNamed("get update", COORDINATION, "leases", "kube-scheduler"),
        on(READ, CORE, "nodes namespaces"),
        on("delete get list watch", CORE, "pods"),
        on("create", CORE, "bindings pods/binding"),
        on("patch update", CORE, "pods/status"),
        on(READ, CORE, "replicationcontrollers services"),
        on(READ, APPS, "replicasets statefulsets"),
        on(READ, POLICY, "poddisruptionbudgets"),
        on(READ, CORE, "persistentvolumeclaims persistentvolumes"),
        on(READ, "scheduling.k8s.io", "priorityclasses"),
        on(READ, STORAGE, "csinodes csidrivers csistoragecapacities storageclasses"),
        on("create", AUTHENTICATION, "tokenreviews"),
        on("create", AUTHORIZATION, "subjectaccessreviews"));
  }

  private static DefaultRole controllerManager() {
    return DefaultRole.cluster(
        "system:kube-controller-manager",
        recordEvents(),
        on("create", COORDINATION, "leases"),
        onNamed("get update", COORDINATION, "leases", "kube-controller-manager"),
        on("create", CORE, "secrets serviceaccounts"),
        on("delete", CORE, "secrets"),
        on("get", CORE, "configmaps namespaces secrets serviceaccounts"),
        on("update", CORE, "secrets serviceaccounts"),
        on("create", AUTHENTICATION, "tokenreviews"),
        on("create", AUTHORIZATION, "subjectaccessreviews"),
        on("list watch", "*", "*"),
        on("create", CORE, "serviceaccounts/token"));
  }
}
