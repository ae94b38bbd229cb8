package dev.nacelle.node.pod;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.network.DatapathException;
import dev.nacelle.node.start.ConfigurationException;
import dev.nacelle.runtime.ContainerRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs the steps of one pod, and undoes them. Called by the pod's worker alone. */
final class PodPreparation {
  private static final Logger LOG = LoggerFactory.getLogger(PodPreparation.class);

  private final PodContext context;

  PodPreparation(PodContext context) {
    this.context = context;
  }

  /**
   * Makes what is not there yet: independent steps beside the others. What fails is told by an
   * event.
   *
   * @return false if something is missing and is to be tried again
   */
  boolean run() throws InterruptedException {
    var beside = new ArrayList<FutureTask<Boolean>>();
    var inTurn = new ArrayList<PodStep>();
    for (PodStep step : PodSteps.ALL) {
      if (step.isPrepared(context)) {
        continue;
      }
      if (step.isIndependent(context)) {
        var task = new FutureTask<>(() -> run(step));
        beside.add(task);
        Thread.ofVirtual().name("step of " + context.pod().object().key()).start(task);
      } else {
        inTurn.add(step);
      }
    }
    boolean done = inTurn.stream().allMatch(this::run);
    for (FutureTask<Boolean> task : beside) {
      try {
        done &= task.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
    if (!done) {
      context.services().metrics().podStartFailed();
    }
    return done;
  }

  private boolean run(PodStep step) {
    try {
      step.prepare(context);
      return true;
    } catch (ConfigurationException e) {
      warn("FailedMount", String.valueOf(e.getMessage()));
    } catch (ContainerRuntimeException | DatapathException e) {
      warn("FailedCreatePodSandBox", "Failed to create pod sandbox: " + e.getMessage());
    } catch (ApiException | IOException | IllegalArgumentException e) {
      warn("FailedMount", "cannot prepare the pod: " + e.getMessage());
    }
    return false;
  }

  private void warn(String reason, String message) {
    LOG.warn("pod {}: {}: {}", context.pod().object().key(), reason, message);
    context.services().events().warning(context.pod().object(), reason, message);
  }

  /** Brings the content of the volumes up to date; false if what was there stays. */
  boolean refreshVolumes() {
    return run(PodSteps.VOLUMES);
  }

  /**
   * Releases all that the pod has on this host but its logs.
   *
   * @return false if something is to be tried again
   */
  boolean release(Iterable<String> containerIds) {
    try {
      for (String id : containerIds) {
        context.services().runtime().removeContainer(id);
        context.services().images().unmount(id);
      }
      for (PodStep step : PodSteps.ALL) {
        step.cleanup(context);
      }
      return true;
    } catch (RuntimeException | IOException e) {
      LOG.warn("pod {} is not all released: {}", context.pod().object().key(), e.toString());
      return false;
    }
  }
}
