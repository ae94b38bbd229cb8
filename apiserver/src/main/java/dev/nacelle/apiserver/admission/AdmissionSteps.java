package dev.nacelle.apiserver.admission;

import dev.nacelle.api.object.KubeObject;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The two lists of steps, in their order. */
public record AdmissionSteps(List<MutatingStep> mutating, List<ValidatingStep> validating) {
  public static final AdmissionSteps NONE = new AdmissionSteps(List.of(), List.of());

  public AdmissionSteps {
    mutating = List.copyOf(mutating);
    validating = List.copyOf(validating);
  }

  /**
   * Those of these steps that {@code --enable-admission-plugins} and {@code
   * --disable-admission-plugins} leave: all but the disabled ones.
   *
   * @throws IllegalArgumentException for a name that no step has, or that is in both lists
   */
  public AdmissionSteps chosen(List<String> enabled, List<String> disabled) {
    requireKnown("--enable-admission-plugins", enabled);
    requireKnown("--disable-admission-plugins", disabled);
    for (String name : enabled) {
      if (disabled.contains(name)) {
        throw new IllegalArgumentException(
            "cannot use --enable-admission-plugins="
                + name
                + ": --disable-admission-plugins names it too");
      }
    }
    return new AdmissionSteps(
        mutating.stream().filter(s -> !disabled.contains(s.name())).toList(),
        validating.stream().filter(s -> !disabled.contains(s.name())).toList());
  }

  private void requireKnown(String flag, List<String> asked) {
    var names = new TreeSet<String>();
    mutating.forEach(step -> names.add(step.name()));
    validating.forEach(step -> names.add(step.name()));
    for (String name : asked) {
      if (!names.contains(name)) {
        throw new IllegalArgumentException(
            "cannot use "
                + flag
                + "="
                + name
                + ": there is no such plugin here; the plugins are "
                + String.join(", ", names));
      }
    }
  }

  /** These steps, then others. */
  public AdmissionSteps then(AdmissionSteps others) {
    return new AdmissionSteps(
        Stream.concat(mutating.stream(), others.mutating.stream()).toList(),
        Stream.concat(validating.stream(), others.validating.stream()).toList());
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
