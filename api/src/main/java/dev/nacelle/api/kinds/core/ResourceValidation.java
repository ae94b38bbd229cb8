package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The rules of limits and requests, worded as {@code ValidateResourceRequirements}. Pure. */
final class ResourceValidation {
  private static final Set<String> STANDARD = Set.of("cpu", "memory", "ephemeral-storage");

  private ResourceValidation() {}

  static void validate(JsonObject resources, String path, List<FieldError> errors) {
    JsonObject limits = resources.object("limits");
    JsonObject requests = resources.object("requests");
    limits
        .members()
        .forEach((name, value) -> entry(name, value, path + ".limits[" + name + "]", errors));
    requests
        .members()
        .forEach(
            (name, value) -> {
              entry(name, value, path + ".requests[" + name + "]", errors);
              Optional<Quantity> request = Quantity.read(value);
              Optional<Quantity> limit = limits.get(name).flatMap(Quantity::read);
              if (request.isPresent()) {
                compare(name, request.get(), limit, path, errors);
              }
            });
  }

  private static void compare(
      String name,
      Quantity request,
      Optional<Quantity> limit,
      String path,
      List<FieldError> errors) {
    boolean overcommittable = STANDARD.contains(name);
    if (limit.isEmpty()) {
      if (!overcommittable) {
        errors.add(
            FieldError.required(
                path + ".limits", "Limit must be set for non overcommitable resources"));
      }
      return;
    }
    int order = request.compareTo(limit.get());
    if (!overcommittable && order != 0) {
      errors.add(
          FieldError.invalid(
              path + ".requests",
              Json.of(request.toString()),
              "must be equal to " + name + " limit of " + limit.get()));
    } else if (order > 0) {
      errors.add(
          FieldError.invalid(
              path + ".requests",
              Json.of(request.toString()),
              "must be less than or equal to " + name + " limit of " + limit.get()));
    }
  }

  private static void entry(String name, Json value, String path, List<FieldError> errors) {
    name(name, path, errors);
    Optional<Quantity> quantity = Quantity.read(value);
    if (quantity.isEmpty()) {
      errors.add(
          FieldError.invalid(
              path,
              value,
              "quantities must match the regular expression"
                  + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
    } else if (quantity.get().isNegative()) {
      errors.add(
          FieldError.invalid(
              path, Json.of(quantity.get().toString()), "must be greater than or equal to 0"));
    } else if (!STANDARD.contains(name) && quantity.get().millis() % 1000 != 0) {
      errors.add(
          FieldError.invalid(path, Json.of(quantity.get().toString()), "must be an integer"));
    }
  }

  private static void name(String name, String path, List<FieldError> errors) {
    List<String> faults = Formats.qualifiedName(name);
    if (!faults.isEmpty()) {
      Formats.addInvalid(path, Json.of(name), faults, errors);
    } else if (!name.contains("/") && !STANDARD.contains(name) && !name.startsWith("hugepages-")) {
      errors.add(
          FieldError.invalid(
              path, Json.of(name), "must be a standard resource type or fully qualified"));
      errors.add(
          FieldError.invalid(path, Json.of(name), "must be a standard resource for containers"));
    }
  }
}
