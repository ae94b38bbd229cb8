package dev.nacelle.node.pod;

import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a pod's status when it differs from what was written last. For the pod's worker alone. */
final class StatusWriter {
  private static final Logger LOG = LoggerFactory.getLogger(StatusWriter.class);
  private static final Optional<String> RUNNING = Optional.of("Running");

  private final NodeServices services;
  private final Instant seenAt;
  private Optional<JsonObject> written = Optional.empty();
  private boolean wasReady;
  private boolean wasRunning;

  StatusWriter(NodeServices services) {
    this.services = services;
    this.seenAt = services.clock().instant();
  }

  /**
   * Writes, unless the same was written before.
   *
   * @return false if the API could not be told and the same is to be tried again
   */
  boolean write(PodView pod, JsonObject status) {
    if (written.filter(status::equals).isPresent()) {
      return true;
    }
    observe(pod, status);
    JsonObject patch =
        JsonObject.builder()
            .put("metadata", JsonObject.builder().put("uid", pod.uid()).build())
            .put("status", status)
            .build();
    try {
      services
          .client()
          .patch(
              Resources.PODS,
              pod.object().key(),
              Patch.strategic(patch),
              WriteOptions.by("kubelet").of("status"));
    } catch (ApiException e) {
      if (!e.isNotFound() && !e.isConflict()) {
        LOG.warn("cannot write the status of pod {}: {}", pod.object().key(), e.getMessage());
        return false;
      }
    }
    written = Optional.of(status);
    return true;
  }

  private void observe(PodView pod, JsonObject status) {
    boolean running = status.string("phase").filter("Running"::equals).isPresent();
    if (running && !wasRunning && !pod.object().status().string("phase").equals(RUNNING)) {
      services.metrics().podRunning(Duration.between(seenAt, services.clock().instant()));
    }
    wasRunning = running;
    boolean ready =
        status
            .array("conditions")
            .objects()
            .anyMatch(
                c ->
                    c.string("type").filter("Ready"::equals).isPresent()
                        && c.string("status").filter("True"::equals).isPresent());
    if (ready && !wasReady) {
      services.timeline().mark(pod.uid(), "ready");
    }
    wasReady = ready;
  }
}
