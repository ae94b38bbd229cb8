package dev.nacelle.apiserver.auth;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.admission.AdmissionRequest;

/** How admission refuses: 403 with upstream's words, about the object of the request. */
public final class Refusals {
  private Refusals() {}

  public static ApiException forbidden(AdmissionRequest request, String why) {
    String name = request.key().name();
    if (name.isEmpty()) {
      name = request.object().map(Refusals::nameOf).orElse("Unknown");
    }
    return ApiException.forbidden(request.definition().type(request.version()), name, why);
  }

  private static String nameOf(KubeObject object) {
    if (!object.name().isEmpty()) {
      return object.name();
    }
    return object.generateName().isEmpty() ? "Unknown" : object.generateName();
  }
}
