package dev.nacelle.controllers.deployment;

import dev.nacelle.api.object.KubeObject;
import java.util.List;
import java.util.Map;

/**
 * A Deployment, the ReplicaSets it controls, and their pods by the UID of the set.
 *
 * @param pods only looked at by the strategy Recreate
 */
record DeploymentSnapshot(
    KubeObject deployment, List<KubeObject> sets, Map<String, List<KubeObject>> pods) {
  DeploymentSnapshot {
    sets = List.copyOf(sets);
    pods = Map.copyOf(pods);
  }
}
