package dev.nacelle.controllers.node;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** When a pod must leave a node because of its taints {@code NoExecute}. */
final class EvictionPlan {
  /** For pods that say nothing of silent nodes. */
  private static final Duration DEFAULT = Duration.ofSeconds(300);

  private EvictionPlan() {}

  /** Empty: never, as the taints are. */
  static Optional<Instant> evictAt(KubeObject pod, KubeObject node, Instant now) {
    Optional<Instant> earliest = Optional.empty();
    for (JsonObject taint : node.spec().array("taints").objects().toList()) {
      if (taint.string("effect").orElse("").equals("NoExecute")) {
        Optional<Instant> due = evictAt(pod, taint, now);
        if (due.isPresent() && (earliest.isEmpty() || due.get().isBefore(earliest.get()))) {
          earliest = due;
        }
      }
    }
    return earliest;
  }

  private static Optional<Instant> evictAt(KubeObject pod, JsonObject taint, Instant now) {
    Instant since = new KubeObject(taint).instant("timeAdded").orElse(now);
    List<JsonObject> tolerating =
        pod.spec().array("tolerations").objects().filter(t -> tolerates(t, taint)).toList();
    if (tolerating.isEmpty()) {
      String key = taint.string("key").orElse("");
      boolean silence =
          key.equals(NodeHealthPlan.NOT_READY) || key.equals(NodeHealthPlan.UNREACHABLE);
      return Optional.of(silence ? since.plus(DEFAULT) : now);
    }
    var seconds =
        tolerating.stream().flatMapToLong(t -> t.integer("tolerationSeconds").stream()).min();
    return seconds.isPresent()
        ? Optional.of(since.plusSeconds(Math.max(0, seconds.getAsLong())))
        : Optional.empty();
  }

  private static boolean tolerates(JsonObject toleration, JsonObject taint) {
    String effect = toleration.string("effect").orElse("");
    String key = toleration.string("key").orElse("");
    if (!effect.isEmpty() && !effect.equals("NoExecute")) {
      return false;
    }
    if (!key.isEmpty() && !key.equals(taint.string("key").orElse(""))) {
      return false;
    }
    return toleration.string("operator").orElse("").equals("Exists")
        || toleration.string("value").orElse("").equals(taint.string("value").orElse(""));
  }
}
