package dev.nacelle.node.pod;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of one pod, in the order that its containers have, and of all it has on this host. Called
 * by the pod's worker alone.
 */
final class PodEnding {
  private static final Logger LOG = LoggerFactory.getLogger(PodEnding.class);
  private static final Duration LEAST_GRACE = Duration.ofSeconds(2);

  private final PodContext context;
  private final ContainerRecords records;
  private final ContainerStops stops;
  private final PodPreparation preparation;
  private Optional<Instant> since = Optional.empty();
  private Duration grace = Duration.ofSeconds(Long.MAX_VALUE);
  private boolean released;

  PodEnding(
      PodContext context,
      ContainerRecords records,
      ContainerStops stops,
      PodPreparation preparation) {
    this.context = context;
    this.records = records;
    this.stops = stops;
    this.preparation = preparation;
  }

  /** Whether anything had to be stopped. */
  boolean hasBegun() {
    return since.isPresent();
  }

  /**
   * Stops what is next: all but the sidecars, then these one by one, the last one first, with what
   * the others left of the time. A grace that became shorter counts at once.
   *
   * @return true as long as something runs
   */
  boolean stopRunning() {
    List<ContainerView> next = PodPlan.toEnd(context.pod(), records.all());
    if (next.isEmpty()) {
      return false;
    }
    Instant now = context.services().clock().instant();
    Instant began = since.orElse(now);
    since = Optional.of(began);
    Duration whole = context.pod().gracePeriod();
    boolean shorter = whole.compareTo(grace) < 0;
    grace = whole;
    for (ContainerView container : next) {
      ContainerRecord record = records.get(container);
      if (shorter || !stops.isUnderWay(record.current().orElseThrow().id())) {
        stops.begin(
            container,
            record,
            grace(container, began, now),
            "Stopping container " + container.name());
      }
    }
    return true;
  }

  private Duration grace(ContainerView container, Instant began, Instant now) {
    if (container.role() != ContainerView.Role.SIDECAR || grace.isZero()) {
      return grace;
    }
    Duration left = grace.minus(Duration.between(began, now));
    return left.compareTo(LEAST_GRACE) < 0 ? LEAST_GRACE : left;
  }

  /** Releases all but the logs, once; false if that is to be tried again. */
  boolean release() {
    released = released || preparation.release(records.containerIds());
    return released;
  }

  boolean isReleased() {
    return released;
  }

  /** False if that is to be tried again. */
  boolean deleteLogs() {
    try {
      context.paths().deleteLogs();
      return true;
    } catch (IOException | RuntimeException e) {
      LOG.warn("cannot delete the logs of pod {}: {}", context.pod().object().key(), e.toString());
      return false;
    }
  }

  /** Lets the object go for good; false if that is to be tried again. */
  boolean deleteObject() {
    try {
      context
          .services()
          .client()
          .delete(
              Resources.PODS,
              context.pod().object().key(),
              DeleteOptions.DEFAULT.withGrace(0).onlyUid(context.pod().uid()));
      return true;
    } catch (ApiException e) {
      if (e.isNotFound() || e.code() == 409) {
        return true;
      }
      LOG.warn("cannot delete pod {}: {}", context.pod().object().key(), e.getMessage());
      return false;
    }
  }
}
