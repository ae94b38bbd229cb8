package dev.nacelle.apiserver.bootstrap;

import static dev.nacelle.apiserver.bootstrap.Rules.APPS;
import static dev.nacelle.apiserver.bootstrap.Rules.AUTHENTICATION;
import static dev.nacelle.apiserver.bootstrap.Rules.AUTHORIZATION;
import static dev.nacelle.apiserver.bootstrap.Rules.COORDINATION;
import static dev.nacelle.apiserver.bootstrap.Rules.CORE;
import static dev.nacelle.apiserver.bootstrap.Rules.DISCOVERY;
import static dev.nacelle.apiserver.bootstrap.Rules.NETWORKING;
import static dev.nacelle.apiserver.bootstrap.Rules.OWN;
import static dev.nacelle.apiserver.bootstrap.Rules.POLICY;
import static dev.nacelle.apiserver.bootstrap.Rules.RBAC;
import static dev.nacelle.apiserver.bootstrap.Rules.READ;
import static dev.nacelle.apiserver.bootstrap.Rules.READ_WRITE;
import static dev.nacelle.apiserver.bootstrap.Rules.REGISTRY;
import static dev.nacelle.apiserver.bootstrap.Rules.WRITE;
import static dev.nacelle.apiserver.bootstrap.Rules.on;
import static dev.nacelle.apiserver.bootstrap.Rules.onPaths;

import dev.nacelle.apiserver.auth.rbac.PolicyRule;
import java.util.List;
import java.util.stream.Stream;

/** The default roles that are for people: cluster-admin, admin, edit, view and the public ones. */
final class UserRoles {
  private static final PolicyRule[] ADMIN = {
    on("create", AUTHORIZATION, "localsubjectaccessreviews"),
    on(READ_WRITE, RBAC, "roles rolebindings"),
  };

  private static final PolicyRule[] EDIT = {
    on(READ, CORE, "pods/attach pods/proxy pods/exec pods/portforward secrets services/proxy"),
    on("impersonate", CORE, "serviceaccounts"),
    on(WRITE, CORE, "pods pods/attach pods/proxy pods/exec pods/portforward"),
    on("create", CORE, "pods/eviction"),
    on(
        WRITE,
        CORE,
        "replicationcontrollers replicationcontrollers/scale serviceaccounts services"
            + " services/proxy persistentvolumeclaims configmaps secrets events"),
    on("create", CORE, "serviceaccounts/token"),
    on(
        WRITE,
        APPS,
        "statefulsets statefulsets/scale daemonsets deployments deployments/scale"
            + " deployments/rollback replicasets replicasets/scale"),
    on(WRITE, "autoscaling", "horizontalpodautoscalers"),
    on(WRITE, "batch", "jobs cronjobs"),
    on(WRITE, POLICY, "poddisruptionbudgets"),
    on(WRITE, NETWORKING, "networkpolicies ingresses"),
    on(READ_WRITE, COORDINATION, "leases"),
    on(WRITE, OWN, "containergroupprofiles ngroups ngroups/scale"),
    on("create update delete", REGISTRY, "repositories"),
  };

  private static final PolicyRule[] VIEW = {
    on(
        READ,
        CORE,
        "pods replicationcontrollers replicationcontrollers/scale serviceaccounts services"
            + " services/status endpoints persistentvolumeclaims persistentvolumeclaims/status"
            + " configmaps"),
    on(
        READ,
        CORE,
        "limitranges resourcequotas bindings events pods/status resourcequotas/status"
            + " namespaces/status replicationcontrollers/status pods/log"),
    on(READ, CORE, "namespaces"),
    on(READ, DISCOVERY, "endpointslices"),
    on(
        READ,
        APPS,
        "controllerrevisions statefulsets statefulsets/status statefulsets/scale daemonsets"
            + " daemonsets/status deployments deployments/status deployments/scale replicasets"
            + " replicasets/status replicasets/scale"),
    on(READ, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
    on(READ, "batch", "jobs cronjobs cronjobs/status jobs/status"),
    on(READ, POLICY, "poddisruptionbudgets poddisruptionbudgets/status"),
    on(READ, NETWORKING, "networkpolicies ingresses ingresses/status"),
    on(READ, OWN, "containergroupprofiles ngroups ngroups/status ngroups/scale"),
    on("get", REGISTRY, "repositories"),
  };

  static final List<DefaultRole> ROLES =
      List.of(
          DefaultRole.cluster("cluster-admin", on("*", "*", "*"), onPaths("*", "*")),
          DefaultRole.cluster(
              "system:discovery",
              onPaths(
                  "get",
                  "/livez /readyz /healthz /version /version/ /openapi /openapi/* /api /api/* /apis"
                      + " /apis/*")),
          DefaultRole.cluster(
              "system:public-info-viewer",
              onPaths("get", "/livez /readyz /healthz /version /version/")),
          DefaultRole.cluster(
              "system:basic-user",
              on("create", AUTHORIZATION, "selfsubjectaccessreviews selfsubjectrulesreviews"),
              on("create", AUTHENTICATION, "selfsubjectreviews")),
          DefaultRole.cluster(
              "system:monitoring",
              onPaths(
                  "get",
                  "/metrics /metrics/slis /livez /readyz /healthz /livez/* /readyz/* /healthz/*")),
          DefaultRole.cluster(
              "system:service-account-issuer-discovery",
              onPaths("get", "/.well-known/openid-configuration /openid/v1/jwks/ /openid/v1/jwks")),
          DefaultRole.cluster("nacelle:registry-puller", on("get", REGISTRY, "repositories")),
          DefaultRole.cluster(
              "nacelle:registry-tracer", on("create delete", REGISTRY, "repositories/traces")),
          DefaultRole.cluster(
              "nacelle:registry-pusher",
              on("get create update", REGISTRY, "repositories"),
              on("create delete", REGISTRY, "repositories/traces")),
          whole("admin", ADMIN, EDIT, VIEW),
          whole("edit", EDIT, VIEW).partOf("admin"),
          whole("view", VIEW).partOf("edit"),
          DefaultRole.cluster("system:aggregate-to-admin", ADMIN).partOf("admin"),
          DefaultRole.cluster("system:aggregate-to-edit", EDIT).partOf("edit"),
          DefaultRole.cluster("system:aggregate-to-view", VIEW).partOf("view"));

  static final List<DefaultBinding> BINDINGS =
      List.of(
          DefaultBinding.cluster("cluster-admin", "group system:masters"),
          DefaultBinding.cluster("system:discovery", "group system:authenticated"),
          DefaultBinding.cluster(
              "system:public-info-viewer",
              "group system:authenticated",
              "group system:unauthenticated"),
          DefaultBinding.cluster("system:basic-user", "group system:authenticated"),
          DefaultBinding.cluster("system:monitoring", "group system:monitoring"),
          DefaultBinding.cluster(
              "system:service-account-issuer-discovery", "group system:serviceaccounts"));

  private UserRoles() {}

  /** A role that is the sum of parts; its rules are written whole until they are summed up. */
  private static DefaultRole whole(String name, PolicyRule[]... parts) {
    return DefaultRole.cluster(
            name, Stream.of(parts).flatMap(Stream::of).toArray(PolicyRule[]::new))
        .aggregating(name);
  }
}
