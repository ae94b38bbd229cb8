package dev.nacelle.apiserver.bootstrap;

import static dev.nacelle.apiserver.bootstrap.Rules.CORE;
import static dev.nacelle.apiserver.bootstrap.Rules.READ;
import static dev.nacelle.apiserver.bootstrap.Rules.on;
import static dev.nacelle.apiserver.bootstrap.Rules.onNamed;
import static dev.nacelle.apiserver.bootstrap.Rules.recordEvents;

import java.util.List;

/** The default roles that hold in kube-system and kube-public alone. */
final class NamespaceRoles {
  private static final String SYSTEM = "kube-system";
  private static final String PUBLIC = "kube-public";

  static final List<DefaultRole> ROLES =
      List.of(
          DefaultRole.in(
              SYSTEM,
              "extension-apiserver-authentication-reader",
              onNamed(READ, CORE, "configmaps", "extension-apiserver-authentication")),
          leaderLocking("kube-controller-manager"),
          leaderLocking("kube-scheduler"),
          DefaultRole.in(SYSTEM, "system:controller:bootstrap-signer", on(READ, CORE, "secrets")),
          DefaultRole.in(
              SYSTEM,
              "system:controller:token-cleaner",
              on("delete get list watch", CORE, "secrets"),
              recordEvents()),
          DefaultRole.in(
              SYSTEM,
              "nacelle:pod-ranges",
              on("create", CORE, "configmaps"),
              onNamed("get update", CORE, "configmaps", "nacelle-pod-ranges")),
          DefaultRole.in(
              SYSTEM, "nacelle:cluster", onNamed("get", CORE, "configmaps", "nacelle-cluster")),
          DefaultRole.in(
              PUBLIC, "nacelle:cluster-info", onNamed("get", CORE, "configmaps", "cluster-info")),
          DefaultRole.in(
              PUBLIC,
              "nacelle:registry-hosting",
              onNamed("get", CORE, "configmaps", "local-registry-hosting")),
          DefaultRole.in(
              PUBLIC,
              "system:controller:bootstrap-signer",
              on(READ, CORE, "configmaps"),
              onNamed("update", CORE, "configmaps", "cluster-info"),
              recordEvents()));

  static final List<DefaultBinding> BINDINGS =
      List.of(
          DefaultBinding.in(
              SYSTEM,
              "system::extension-apiserver-authentication-reader",
              "extension-apiserver-authentication-reader",
              "user system:kube-controller-manager",
              "user system:kube-scheduler"),
          DefaultBinding.in(
              SYSTEM,
              "system::leader-locking-kube-controller-manager",
              "system::leader-locking-kube-controller-manager",
              "user system:kube-controller-manager",
              "account kube-controller-manager"),
          DefaultBinding.in(
              SYSTEM,
              "system::leader-locking-kube-scheduler",
              "system::leader-locking-kube-scheduler",
              "user system:kube-scheduler",
              "account kube-scheduler"),
          DefaultBinding.in(
              SYSTEM,
              "system:controller:bootstrap-signer",
              "system:controller:bootstrap-signer",
              "account bootstrap-signer"),
          DefaultBinding.in(
              SYSTEM,
              "system:controller:token-cleaner",
              "system:controller:token-cleaner",
              "account token-cleaner"),
          DefaultBinding.in(
              SYSTEM, "nacelle:pod-ranges", "nacelle:pod-ranges", "account node-controller"),
          DefaultBinding.in(
              SYSTEM,
              "nacelle:cluster",
              "nacelle:cluster",
              "group " + RbacDefaults.JOINING_HOSTS,
              "group system:nodes"),
          // whom a host would join is asked before it has anybody's word
          DefaultBinding.in(
              PUBLIC,
              "nacelle:cluster-info",
              "nacelle:cluster-info",
              "user system:anonymous",
              "group " + RbacDefaults.JOINING_HOSTS,
              "group system:nodes"),
          DefaultBinding.in(
              PUBLIC,
              "nacelle:registry-hosting",
              "nacelle:registry-hosting",
              "group system:authenticated"),
          DefaultBinding.in(
              PUBLIC,
              "system:controller:bootstrap-signer",
              "system:controller:bootstrap-signer",
              "account bootstrap-signer"));

  private NamespaceRoles() {}

  private static DefaultRole leaderLocking(String component) {
    return DefaultRole.in(
        SYSTEM,
        "system::leader-locking-" + component,
        on("watch", CORE, "configmaps"),
        onNamed("get update", CORE, "configmaps", component));
  }
}
