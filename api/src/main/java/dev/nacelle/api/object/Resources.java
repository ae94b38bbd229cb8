package dev.nacelle.api.object;

/** The resources that parts of the platform themselves read and write. */
public final class Resources {
  public static final ResourceType NAMESPACES = core("namespaces");
  public static final ResourceType NODES = core("nodes");
  public static final ResourceType PODS = core("pods");
  public static final ResourceType SERVICES = core("services");
  public static final ResourceType ENDPOINTS = core("endpoints");
  public static final ResourceType CONFIG_MAPS = core("configmaps");
  public static final ResourceType SECRETS = core("secrets");
  public static final ResourceType SERVICE_ACCOUNTS = core("serviceaccounts");
  public static final ResourceType EVENTS = core("events");
  public static final ResourceType DEPLOYMENTS = new ResourceType("apps", "v1", "deployments");
  public static final ResourceType REPLICA_SETS = new ResourceType("apps", "v1", "replicasets");
  public static final ResourceType CONTROLLER_REVISIONS =
      new ResourceType("apps", "v1", "controllerrevisions");
  public static final ResourceType ENDPOINT_SLICES =
      new ResourceType("discovery.k8s.io", "v1", "endpointslices");
  public static final ResourceType LEASES = new ResourceType("coordination.k8s.io", "v1", "leases");
  public static final ResourceType ROLES =
      new ResourceType("rbac.authorization.k8s.io", "v1", "roles");
  public static final ResourceType ROLE_BINDINGS =
      new ResourceType("rbac.authorization.k8s.io", "v1", "rolebindings");
  public static final ResourceType CLUSTER_ROLES =
      new ResourceType("rbac.authorization.k8s.io", "v1", "clusterroles");
  public static final ResourceType CLUSTER_ROLE_BINDINGS =
      new ResourceType("rbac.authorization.k8s.io", "v1", "clusterrolebindings");
  public static final ResourceType CUSTOM_RESOURCE_DEFINITIONS =
      new ResourceType("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  public static final ResourceType CERTIFICATE_SIGNING_REQUESTS =
      new ResourceType("certificates.k8s.io", "v1", "certificatesigningrequests");
  public static final ResourceType PRIORITY_CLASSES =
      new ResourceType("scheduling.k8s.io", "v1", "priorityclasses");
  public static final ResourceType CONTAINER_GROUP_PROFILES =
      new ResourceType("containers.nacelle.dev", "v1", "containergroupprofiles");
  public static final ResourceType NGROUPS =
      new ResourceType("containers.nacelle.dev", "v1", "ngroups");

  private Resources() {}

  private static ResourceType core(String plural) {
    return new ResourceType("", "v1", plural);
  }
}
