package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.util.List;

/** The rules of probes and lifecycle hooks. Pure. */
final class ProbeValidation {
  private ProbeValidation() {}

  /**
   * @param kind the member that holds the probe: only a readiness probe may want several successes
   */
  static void validate(String kind, JsonObject probe, String path, List<FieldError> errors) {
    Check check = Check.of(probe, path, errors);
    handler(check, List.of("exec", "httpGet", "tcpSocket", "grpc"));
    check.notNegative(
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold");
    if (!kind.equals("readinessProbe") && probe.integer("successThreshold").orElse(1) != 1) {
      check.invalid("successThreshold", "must be 1");
    }
    if (check.has("terminationGracePeriodSeconds")) {
      if (kind.equals("readinessProbe")) {
        check.invalid("terminationGracePeriodSeconds", "must not be set for readinessProbes");
      } else if (probe.integer("terminationGracePeriodSeconds").orElse(1) <= 0) {
        check.invalid("terminationGracePeriodSeconds", "must be greater than 0");
      }
    }
  }

  static void lifecycleHandler(JsonObject handler, String path, List<FieldError> errors) {
    handler(Check.of(handler, path, errors), List.of("exec", "httpGet", "tcpSocket", "sleep"));
  }

  private static void handler(Check check, List<String> kinds) {
    List<FieldError> errors = check.errors();
    List<String> present = kinds.stream().filter(check::has).toList();
    if (present.isEmpty()) {
      errors.add(FieldError.required(check.path(), "must specify a handler type"));
    }
    present.stream()
        .skip(1)
        .forEach(kind -> check.forbidden(kind, "may not specify more than 1 handler type"));
    check
        .in("exec", (item, at) -> exec(Check.of(item, at, errors)))
        .in("httpGet", (item, at) -> http(Check.of(item, at, errors)))
        .in("tcpSocket", (item, at) -> Check.of(item, at, errors).port("port"))
        .in("grpc", (item, at) -> Check.of(item, at, errors).port("port"));
  }

  private static void exec(Check check) {
    if (check.object().array("command").isEmpty()) {
      check.required("command", "");
    }
  }

  private static void http(Check check) {
    check.needs("path").port("port").oneOf("scheme", "HTTP", "HTTPS");
    check.each(
        "httpHeaders",
        (header, at) -> {
          Check item = Check.of(header, at, check.errors());
          if (!item.text("name").matches("[-A-Za-z0-9]+")) {
            item.invalid(
                "name",
                "a valid HTTP header must consist of alphanumeric characters or '-' (e.g."
                    + " 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')");
          }
        });
  }
}
