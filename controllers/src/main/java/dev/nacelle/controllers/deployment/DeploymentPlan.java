package dev.nacelle.controllers.deployment;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.PodStates;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The next step of a Deployment.
 *
 * @param create the ReplicaSet of the present template, to be created before all else
 * @param update ReplicaSets with new sizes or annotations
 * @param delete old ReplicaSets beyond the history that is kept
 * @param messages of the events ScalingReplicaSet
 * @param revision what the Deployment's revision annotation should say; 0 if unknown yet
 * @param checkAgain when the progress deadline has to be looked at
 */
record DeploymentPlan(
    Optional<KubeObject> create,
    List<KubeObject> update,
    List<KubeObject> delete,
    List<String> messages,
    long revision,
    JsonObject status,
    Optional<Duration> checkAgain) {
  DeploymentPlan {
    update = List.copyOf(update);
    delete = List.copyOf(delete);
    messages = List.copyOf(messages);
  }

  static DeploymentPlan of(DeploymentSnapshot snapshot, Instant now) {
    return new Step(snapshot, now).plan();
  }

  /** One planning; for one thread. */
  private static final class Step {
    private final DeploymentSnapshot snapshot;
    private final KubeObject deployment;
    private final RolloutSettings settings;
    private final Rollout rollout;
    private final DeploymentStatus report;
    private JsonObject status;
    private List<KubeObject> delete = List.of();

    Step(DeploymentSnapshot snapshot, Instant now) {
      this.snapshot = snapshot;
      this.deployment = snapshot.deployment();
      this.settings = RolloutSettings.of(deployment);
      this.rollout = new Rollout(deployment, settings, snapshot.sets());
      this.report = new DeploymentStatus(deployment, settings, now);
      this.status = deployment.status();
    }

    DeploymentPlan plan() {
      if (deployment.isBeingDeleted()) {
        status = report.counted(status, rollout.all(), rollout.newSet());
        return result();
      }
      status = report.notingPause(status);
      rollout.refreshNew();
      if (settings.paused() || rollout.isScaling()) {
        noteNewSet();
        rollout.scaleInProportion();
        if (settings.paused()) {
          delete = rollout.surplus();
        }
        status = report.counted(status, rollout.all(), rollout.newSet());
        return result();
      }
      switch (settings.strategy()) {
        case RECREATE -> recreate();
        case ROLLING_UPDATE -> roll();
      }
      status = report.ofRollout(status, rollout.all(), rollout.newSet());
      return result();
    }

    private void roll() {
      rollout.createNew();
      noteNewSet();
      boolean moved = rollout.scaleNew() || rollout.scaleOldDown();
      if (!moved) {
        cleanUp();
      }
    }

    private void recreate() {
      noteNewSet();
      if (rollout.stopOld() || oldPodsRun()) {
        return;
      }
      rollout.createNew();
      noteNewSet();
      rollout.scaleNew();
      cleanUp();
    }

    private boolean oldPodsRun() {
      if (Sets.totalStatus(rollout.old(), "replicas") > 0) {
        return true;
      }
      return rollout.old().stream()
          .flatMap(set -> snapshot.pods().getOrDefault(set.uid(), List.of()).stream())
          .anyMatch(pod -> !PodStates.isFinished(pod));
    }

    private void cleanUp() {
      if (report.isComplete(deployment.status())) {
        delete = rollout.surplus();
      }
    }

    private void noteNewSet() {
      boolean created = rollout.created().isPresent();
      rollout.newSet().ifPresent(set -> status = report.notingNewSet(status, set, created));
    }

    private DeploymentPlan result() {
      return new DeploymentPlan(
          rollout.created(),
          rollout.updates(),
          delete,
          rollout.messages(),
          rollout.newSet().map(Sets::revision).orElse(0L),
          status,
          report.checkAgain(status));
    }
  }
}
