package dev.nacelle.controllers.ngroup;

/** The labels by which a pod says which group it is. */
final class GroupLabels {
  static final String NGROUP = "containers.nacelle.dev/ngroup";
  static final String PROFILE = "containers.nacelle.dev/profile";
  static final String REVISION = "containers.nacelle.dev/revision";
  static final String ZONE = "topology.kubernetes.io/zone";

  private GroupLabels() {}
}
