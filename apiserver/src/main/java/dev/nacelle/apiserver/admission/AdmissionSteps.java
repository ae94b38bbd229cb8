package dev.nacelle.apiserver.admission;

import dev.nacelle.api.object.KubeObject;
import java.util.List;
import java.util.Set;

/** The two lists of steps, in their order. */
public record AdmissionSteps(List<MutatingStep> mutating, List<ValidatingStep> validating) {
  public static final AdmissionSteps NONE = new AdmissionSteps(List.of(), List.of());

  public AdmissionSteps {
    mutating = List.copyOf(mutating);
    validating = List.copyOf(validating);
  }

  /** These steps without those of the given names. */
  public AdmissionSteps without(Set<String> names) {
    return new AdmissionSteps(
        mutating.stream().filter(s -> !names.contains(s.name())).toList(),
        validating.stream().filter(s -> !names.contains(s.name())).toList());
  }

  /** These steps, then others. */
  public AdmissionSteps then(AdmissionSteps others) {
    return new AdmissionSteps(
        java.util.stream.Stream.concat(mutating.stream(), others.mutating.stream()).toList(),
        java.util.stream.Stream.concat(validating.stream(), others.validating.stream()).toList());
  }

  /** Lets every mutating step do its part; the request must have an object. */
  public KubeObject mutate(AdmissionRequest request) {
    AdmissionRequest now = request;
    KubeObject object = request.object().orElseThrow();
    for (MutatingStep step : mutating) {
      KubeObject next = step.mutate(now, object);
      if (next != object) {
        object = next;
        now = now.with(next);
      }
    }
    return object;
  }

  /** Lets every validating step have its say. */
  public void validate(AdmissionRequest request) {
    for (ValidatingStep step : validating) {
      step.validate(request);
    }
  }
}
