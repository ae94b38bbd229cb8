package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The rules of environment variables and where they come from. Pure. */
final class EnvironmentValidation {
  private static final List<String> SOURCES =
      List.of("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef");
  private static final Set<String> FIELDS =
      Set.of(
          "metadata.name",
          "metadata.namespace",
          "metadata.uid",
          "spec.nodeName",
          "spec.serviceAccountName",
          "status.hostIP",
          "status.hostIPs",
          "status.podIP",
          "status.podIPs");
  private static final Set<String> VOLUME_FIELDS =
      Set.of(
          "metadata.name",
          "metadata.namespace",
          "metadata.uid",
          "metadata.labels",
          "metadata.annotations");
  private static final Set<String> RESOURCES =
      Set.of(
          "limits.cpu",
          "limits.memory",
          "limits.ephemeral-storage",
          "requests.cpu",
          "requests.memory",
          "requests.ephemeral-storage");
  private static final Pattern SUBSCRIPT =
      Pattern.compile("metadata\\.(labels|annotations)\\['([^']*)'\\]");

  private EnvironmentValidation() {}

  static void variable(JsonObject variable, String path, List<FieldError> errors) {
    Check check = Check.of(variable, path, errors);
    check.needs("name", Formats::environmentName);
    check.in("valueFrom", (item, at) -> valueFrom(check, Check.of(item, at, errors)));
  }

  /** An item of {@code envFrom}. */
  static void source(JsonObject source, String path, List<FieldError> errors) {
    Check check = Check.of(source, path, errors);
    check.matches("prefix", Formats::environmentName);
    int sources = 0;
    for (String kind : List.of("configMapRef", "secretRef")) {
      if (check.has(kind)) {
        sources++;
        check.in(kind, (item, at) -> Check.of(item, at, errors).needs("name"));
      }
    }
    if (sources == 0) {
      errors.add(
          FieldError.invalid(
              path, Json.of(""), "must specify one of: `configMapRef` or `secretRef`"));
    } else if (sources > 1) {
      errors.add(
          FieldError.invalid(
              path, Json.of(""), "may not have more than one field specified at a time"));
    }
  }

  private static void valueFrom(Check variable, Check check) {
    List<FieldError> errors = check.errors();
    long sources = SOURCES.stream().filter(check::has).count();
    if (sources == 0) {
      errors.add(
          FieldError.invalid(
              check.path(),
              Json.of(""),
              "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`,"
                  + " `secretKeyRef` or `fileKeyRef`"));
    } else if (!variable.text("value").isEmpty()) {
      errors.add(
          FieldError.invalid(
              check.path(), Json.of(""), "may not be specified when `value` is not empty"));
    } else if (sources > 1) {
      errors.add(
          FieldError.invalid(
              check.path(), Json.of(""), "may not have more than one field specified at a time"));
    }
    check
        .in("fieldRef", (item, at) -> field(Check.of(item, at, errors), FIELDS))
        .in("resourceFieldRef", (item, at) -> resource(Check.of(item, at, errors)))
        .in("configMapKeyRef", (item, at) -> key(Check.of(item, at, errors)))
        .in("secretKeyRef", (item, at) -> key(Check.of(item, at, errors)));
  }

  private static void key(Check check) {
    check.needs("name").needs("key", Formats::configKey);
  }

  /** A field reference in a downward volume. */
  static void volumeField(JsonObject reference, String path, List<FieldError> errors) {
    field(Check.of(reference, path, errors), VOLUME_FIELDS);
  }

  private static void field(Check check, Set<String> supported) {
    check.needs("apiVersion");
    String path = check.text("fieldPath");
    if (path.isEmpty()) {
      check.required("fieldPath", "");
      return;
    }
    var subscript = SUBSCRIPT.matcher(path);
    if (subscript.matches()) {
      check.matches("fieldPath", p -> Formats.qualifiedName(subscript.group(2)));
    } else if (!FIELDS.contains(path) && !VOLUME_FIELDS.contains(path)) {
      check.invalid("fieldPath", "error converting fieldPath: field label not supported: " + path);
    } else if (!supported.contains(path)) {
      check
          .errors()
          .add(
              FieldError.notSupported(
                  check.at("fieldPath"), Json.of(path), supported.stream().sorted().toList()));
    }
  }

  static void resource(Check check) {
    String resource = check.text("resource");
    if (resource.isEmpty()) {
      check.required("resource", "");
    } else if (!RESOURCES.contains(resource) && !resource.contains(".hugepages-")) {
      check
          .errors()
          .add(
              FieldError.notSupported(
                  check.at("resource"), Json.of(resource), RESOURCES.stream().sorted().toList()));
    }
  }
}
