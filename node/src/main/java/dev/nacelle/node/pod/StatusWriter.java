package dev.nacelle.node.pod;

import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a pod's status when it differs from what was written last. For the pod's worker alone. */
final class StatusWriter {
  private static final Logger LOG = LoggerFactory.getLogger(StatusWriter.class);

  private final NodeServices services;
  private Optional<JsonObject> written = Optional.empty();
  private boolean wasReady;

  StatusWriter(NodeServices services) {
    this.services = services;
  }

  /** A failed write is repeated with the next one. */
  void write(PodStatus.Facts facts) {
    JsonObject status = PodStatus.of(facts);
    if (written.filter(status::equals).isPresent()) {
      return;
    }
    markReady(facts.pod().uid(), status);
    JsonObject patch =
        JsonObject.builder()
            .put("metadata", JsonObject.builder().put("uid", facts.pod().uid()).build())
            .put("status", status)
            .build();
    try {
      services
          .client()
          .patch(
              Resources.PODS,
              facts.pod().object().key(),
              Patch.strategic(patch),
              WriteOptions.by("kubelet").of("status"));
      written = Optional.of(status);
    } catch (ApiException e) {
      if (!e.isNotFound() && !e.isConflict()) {
        LOG.warn(
            "cannot write the status of pod {}: {}", facts.pod().object().key(), e.getMessage());
      }
    }
  }

  private void markReady(String uid, JsonObject status) {
    boolean ready =
        status
            .array("conditions")
            .objects()
            .anyMatch(
                c ->
                    c.string("type").filter("Ready"::equals).isPresent()
                        && c.string("status").filter("True"::equals).isPresent());
    if (ready && !wasReady) {
      services.timeline().mark(uid, "ready");
    }
    wasReady = ready;
  }

  /** Whether the pod's own status says that it ended. */
  boolean isFinished(PodView pod) {
    String phase = pod.object().status().string("phase").orElse("");
    return phase.equals("Succeeded") || phase.equals("Failed");
  }

  /** What the status said last of a container's probes; for one that was adopted. */
  ContainerRecord.ProbeState lastProbeState(PodView pod, String container) {
    return java.util.stream.Stream.concat(
            pod.object().status().array("containerStatuses").objects(),
            pod.object().status().array("initContainerStatuses").objects())
        .filter(c -> c.string("name").filter(container::equals).isPresent())
        .findFirst()
        .map(
            c ->
                new ContainerRecord.ProbeState(
                    c.bool("started").orElse(false), c.bool("ready").orElse(false)))
        .orElse(ContainerRecord.ProbeState.UNKNOWN);
  }
}
