package dev.nacelle.scheduler.cluster;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What of a pod weighs on a node.
 *
 * @param usual as {@code requests}, with usual amounts where nothing is asked for
 * @param controller the UID of the controlling owner, empty if there is none
 * @param startTime when it was accepted by its node; now where unknown
 */
public record PodFacts(
    ObjectKey key,
    String uid,
    Map<String, String> labels,
    Amounts requests,
    Amounts usual,
    List<HostPort> hostPorts,
    int priority,
    String controller,
    boolean terminating,
    Instant startTime) {

  public static PodFacts of(KubeObject pod) {
    JsonObject spec = pod.spec();
    return new PodFacts(
        pod.key(),
        pod.uid(),
        Map.copyOf(pod.labels()),
        PodRequests.of(spec, PodRequests.Absent.NOTHING),
        PodRequests.of(spec, PodRequests.Absent.USUAL),
        HostPort.of(spec),
        (int) spec.integer("priority").orElse(0),
        pod.controller().map(c -> c.uid()).orElse(""),
        pod.isBeingDeleted(),
        pod.instant("status", "startTime").orElse(Instant.MAX));
  }

  public String namespace() {
    return key.namespace();
  }
}
