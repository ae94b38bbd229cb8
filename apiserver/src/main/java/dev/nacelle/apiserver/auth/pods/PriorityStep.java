package dev.nacelle.apiserver.auth.pods;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.MutatingStep;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.apiserver.auth.Refusals;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.Comparator;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Gives pods the priority and the preemption policy of their PriorityClass, and sees to it that one
 * class at most is the default.
 */
public final class PriorityStep implements MutatingStep, ValidatingStep {
  private static final String LOWER = "PreemptLowerPriority";

  private final ClusterView view;

  public PriorityStep(ClusterView view) {
    this.view = view;
  }

  @Override
  public String name() {
    return "Priority";
  }

  @Override
  public KubeObject mutate(AdmissionRequest request, KubeObject pod) {
    if (!request.isFor("", "pods") || !request.subresource().isEmpty()) {
      return pod;
    }
    return switch (request.operation()) {
      case CREATE -> pod.withSpec(created(request, pod.spec()));
      case UPDATE -> request.old().map(old -> kept(pod, old)).orElse(pod);
      case DELETE, CONNECT -> pod;
    };
  }

  /** An update without them means them unchanged. */
  private static KubeObject kept(KubeObject pod, KubeObject old) {
    JsonObject spec = pod.spec();
    for (String field : new String[] {"priority", "preemptionPolicy"}) {
      Optional<Json> before = old.spec().get(field);
      if (!spec.has(field) && before.isPresent()) {
        spec = spec.with(field, before.get());
      }
    }
    return spec == pod.spec() ? pod : pod.withSpec(spec);
  }

  private JsonObject created(AdmissionRequest request, JsonObject spec) {
    String className = spec.string("priorityClassName").orElse("");
    Optional<KubeObject> priorityClass =
        className.isEmpty() ? defaultClass() : Optional.of(named(request, className));
    long priority = priorityClass.map(PriorityStep::value).orElse(0L);
    String policy = priorityClass.flatMap(c -> c.json().string("preemptionPolicy")).orElse(LOWER);
    OptionalLong own = spec.integer("priority");
    if (own.isPresent() && own.getAsLong() != priority) {
      throw Refusals.forbidden(
          request,
          "the integer value of priority ("
              + own.getAsLong()
              + ") must not be provided in pod spec; priority admission controller computed "
              + priority
              + " from the given PriorityClass name");
    }
    Optional<String> ownPolicy = spec.string("preemptionPolicy");
    if (ownPolicy.isPresent() && !ownPolicy.get().equals(policy)) {
      throw Refusals.forbidden(
          request,
          "the string value of PreemptionPolicy ("
              + ownPolicy.get()
              + ") must not be provided in pod spec; priority admission controller computed "
              + policy
              + " from the given PriorityClass name");
    }
    JsonObject.Builder result =
        spec.toBuilder().put("priority", priority).put("preemptionPolicy", policy);
    priorityClass.ifPresent(c -> result.put("priorityClassName", c.name()));
    return result.build();
  }

  private KubeObject named(AdmissionRequest request, String className) {
    return view.find(Resources.PRIORITY_CLASSES, ObjectKey.cluster(className))
        .orElseThrow(
            () ->
                Refusals.forbidden(
                    request, "no PriorityClass with name " + className + " was found"));
  }

  /** The default; the least, should there be several. */
  private Optional<KubeObject> defaultClass() {
    return view.synced(Resources.PRIORITY_CLASSES).all().stream()
        .filter(c -> c.json().bool("globalDefault").orElse(false))
        .min(Comparator.comparingLong(PriorityStep::value));
  }

  private static long value(KubeObject priorityClass) {
    return priorityClass.json().integer("value").orElse(0);
  }

  @Override
  public void validate(AdmissionRequest request) {
    boolean writesDefault =
        request.isFor("scheduling.k8s.io", "priorityclasses")
            && request.operation() != Operation.DELETE
            && request.object().flatMap(o -> o.json().bool("globalDefault")).orElse(false);
    if (!writesDefault) {
      return;
    }
    String name = request.object().orElseThrow().name();
    Optional<KubeObject> other = defaultClass().filter(c -> !c.name().equals(name));
    if (other.isPresent()) {
      throw Refusals.forbidden(
          request,
          "PriorityClass "
              + other.get().name()
              + " is already marked as default. Only one default can exist");
    }
  }
}
