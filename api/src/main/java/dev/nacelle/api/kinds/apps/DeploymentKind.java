package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Cells;
import dev.nacelle.api.kinds.shared.Kind;
import dev.nacelle.api.object.KubeObject;

/** Replicas of a pod that change version by rolling. */
final class DeploymentKind {
  static final ResourceDefinition DEFINITION =
      Kind.of("io.k8s.api.apps.v1.Deployment", "apps/v1", "Deployment", "deployments", "deploy")
          .in("all")
          .scale(".status.selector")
          .status()
          .columns(
              Cells.NAME,
              Cells.text("Ready", d -> status(d, "readyReplicas") + "/" + desired(d))
                  .describedAs("Ready pods of wanted pods."),
              Cells.count("Up-to-date", d -> status(d, "updatedReplicas"))
                  .describedAs("Pods that have the present template."),
              Cells.count("Available", d -> status(d, "availableReplicas"))
                  .describedAs("Pods that have been ready long enough."),
              Cells.AGE,
              PodTemplateColumns.CONTAINERS,
              PodTemplateColumns.IMAGES,
              PodTemplateColumns.SELECTOR)
          .hooks(new DeploymentHooks())
          .build();

  private DeploymentKind() {}

  private static long desired(KubeObject deployment) {
    return deployment.spec().integer("replicas").orElse(0);
  }

  private static long status(KubeObject deployment, String member) {
    return deployment.status().integer(member).orElse(0);
  }
}
