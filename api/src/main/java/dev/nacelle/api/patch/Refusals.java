package dev.nacelle.api.patch;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.base.json.Json;

/** How a patch is refused, with the codes of kube-apiserver. */
final class Refusals {
  private Refusals() {}

  static ApiException malformed(String message) {
    return ApiException.badRequest(message);
  }

  /** Upstream swallows the reason; here it follows upstream's sentence. */
  static ApiException notApplicable(String why) {
    return new ApiException(
        new Status(
            422,
            "Invalid",
            "the server rejected our request due to an error in our request: " + why,
            Status.Details.NONE));
  }

  /** The type of a value as Go's decoder names it. */
  static String goName(Json value) {
    return switch (value.typeName()) {
      case "boolean" -> "bool";
      case "integer" -> "number";
      case String other -> other;
    };
  }

  static ApiException tooLarge(String why) {
    return ApiException.tooLarge("Request entity is too large: " + why);
  }
}
