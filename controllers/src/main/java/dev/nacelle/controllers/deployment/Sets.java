package dev.nacelle.controllers.deployment;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.function.ToLongFunction;

/** What a ReplicaSet says to its Deployment. */
final class Sets {
  static final String REVISION = "deployment.kubernetes.io/revision";
  static final String REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
  static final String DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
  static final String MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

  static final Comparator<KubeObject> BY_AGE =
      Comparator.comparing((KubeObject s) -> s.creationTimestamp().orElse(Instant.EPOCH))
          .thenComparing(KubeObject::name);
  static final Comparator<KubeObject> BY_REVISION =
      Comparator.comparingLong(Sets::revision).thenComparing(BY_AGE);
  static final Comparator<KubeObject> BIGGER_THEN_OLDER =
      Comparator.comparingInt(Sets::replicas).reversed().thenComparing(BY_AGE);
  static final Comparator<KubeObject> BIGGER_THEN_NEWER =
      Comparator.comparingInt(Sets::replicas).reversed().thenComparing(BY_AGE.reversed());

  private Sets() {}

  static int replicas(KubeObject set) {
    return (int) set.spec().integer("replicas").orElse(1);
  }

  static long status(KubeObject set, String count) {
    return set.status().integer(count).orElse(0);
  }

  static int available(KubeObject set) {
    return (int) status(set, "availableReplicas");
  }

  static boolean isActive(KubeObject set) {
    return replicas(set) > 0;
  }

  static long revision(KubeObject set) {
    return number(set, REVISION, 0);
  }

  static long number(KubeObject set, String annotation, long absent) {
    try {
      return Long.parseLong(set.annotation(annotation).orElse(Long.toString(absent)));
    } catch (NumberFormatException e) {
      return absent;
    }
  }

  static int sum(Collection<KubeObject> sets, ToLongFunction<KubeObject> count) {
    return (int) sets.stream().mapToLong(count).sum();
  }

  static int totalReplicas(Collection<KubeObject> sets) {
    return sum(sets, Sets::replicas);
  }

  static int totalStatus(Collection<KubeObject> sets, String count) {
    return sum(sets, set -> status(set, count));
  }

  static KubeObject withReplicas(KubeObject set, int replicas) {
    return set.withSpec(set.spec().with("replicas", Json.of(replicas)));
  }

  /** The set with the annotations by which a later scaling knows what it was made for. */
  static KubeObject noting(KubeObject set, RolloutSettings settings) {
    return set.withAnnotation(DESIRED_REPLICAS, Integer.toString(settings.replicas()))
        .withAnnotation(MAX_REPLICAS, Integer.toString(settings.replicas() + settings.maxSurge()));
  }
}
