package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.DeleteOptions.Propagation;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads {@code meta/v1 DeleteOptions}. */
public final class DeleteBodies {
  private DeleteBodies() {}

  /**
   * @throws ApiException with code 422 for contradicting or unknown values
   */
  public static DeleteOptions of(JsonObject json) {
    Optional<String> policy = json.string("propagationPolicy").filter(p -> !p.isEmpty());
    Optional<Boolean> orphan = json.bool("orphanDependents");
    if (policy.isPresent() && orphan.isPresent()) {
      throw invalid(
          FieldError.invalid(
              "propagationPolicy",
              Json.of(policy.get()),
              "orphanDependents and deletionPropagation cannot be both set"));
    }
    OptionalLong grace = json.integer("gracePeriodSeconds");
    if (grace.isPresent() && grace.getAsLong() < 0) {
      throw invalid(
          FieldError.invalid(
              "gracePeriodSeconds",
              Json.of(grace.getAsLong()),
              "must be greater than or equal to 0"));
    }
    Propagation propagation =
        policy
            .map(DeleteBodies::propagation)
            .or(() -> orphan.map(o -> o ? Propagation.ORPHAN : Propagation.BACKGROUND))
            .orElse(Propagation.DEFAULT);
    return new DeleteOptions(
        propagation,
        grace,
        json.string("preconditions", "uid"),
        json.string("preconditions", "resourceVersion"));
  }

  private static Propagation propagation(String policy) {
    return switch (policy) {
      case "Orphan" -> Propagation.ORPHAN;
      case "Background" -> Propagation.BACKGROUND;
      case "Foreground" -> Propagation.FOREGROUND;
      default ->
          throw invalid(
              FieldError.notSupported(
                  "propagationPolicy",
                  Json.of(policy),
                  List.of("Foreground", "Background", "Orphan", "nil")));
    };
  }

  private static ApiException invalid(FieldError error) {
    return ApiException.invalid(
        new GroupVersionKind("meta.k8s.io", "v1", "DeleteOptions"), "", List.of(error));
  }
}
