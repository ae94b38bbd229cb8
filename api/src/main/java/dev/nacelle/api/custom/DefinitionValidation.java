package dev.nacelle.api.custom;

import dev.nacelle.api.jsonpath.JsonPath;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.NameFormats;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Checks one definition, with upstream's messages. For one thread, used once. */
final class DefinitionValidation {
  private static final List<String> COLUMN_TYPES =
      List.of("integer", "number", "string", "boolean", "date");

  private final KubeObject crd;
  private final JsonObject spec;
  private final List<FieldError> errors = new ArrayList<>();

  DefinitionValidation(KubeObject crd) {
    this.crd = crd;
    this.spec = crd.spec();
  }

  List<FieldError> run() {
    String plural = spec.string("names", "plural").orElse("");
    String group = spec.string("group").orElse("");
    if (!crd.name().equals(plural + "." + group)) {
      invalid("metadata.name", crd.name(), "must be spec.names.plural+\".\"+spec.group");
    }
    checkGroup(group);
    checkScope();
    checkNames();
    checkVersions();
    checkConversion();
    if (spec.bool("preserveUnknownFields").orElse(false)) {
      errors.add(FieldError.invalid("spec.preserveUnknownFields", Json.of(true), "must be false"));
    }
    return List.copyOf(errors);
  }

  List<FieldError> runUpdate(KubeObject old) {
    run();
    immutable(old, "group");
    immutable(old, "names", "plural");
    if (CustomDefinitions.isEstablished(old)) {
      immutable(old, "scope");
      immutable(old, "names", "kind");
    }
    List<String> versions =
        spec.array("versions").objects().map(v -> v.string("name").orElse("")).toList();
    List<String> stored = old.status().array("storedVersions").strings().toList();
    for (int i = 0; i < stored.size(); i++) {
      if (!versions.contains(stored.get(i))) {
        invalid("status.storedVersions[" + i + "]", stored.get(i), "must appear in spec.versions");
      }
    }
    return List.copyOf(errors);
  }

  private void immutable(KubeObject old, String... path) {
    Optional<String> value = spec.string(path);
    if (!value.equals(old.spec().string(path))) {
      invalid("spec." + String.join(".", path), value.orElse(""), "field is immutable");
    }
  }

  private void checkGroup(String group) {
    if (group.isEmpty()) {
      errors.add(FieldError.required("spec.group", ""));
      return;
    }
    List<String> wrong = NameFormats.dns1123Subdomain(group);
    if (!wrong.isEmpty()) {
      invalid("spec.group", group, String.join(",", wrong));
    } else if (!group.contains(".")) {
      invalid("spec.group", group, "should be a domain with at least one dot");
    }
  }

  private void checkScope() {
    String scope = spec.string("scope").orElse("");
    if (scope.isEmpty()) {
      errors.add(FieldError.required("spec.scope", ""));
    } else if (!List.of("Cluster", "Namespaced").contains(scope)) {
      errors.add(
          FieldError.notSupported("spec.scope", Json.of(scope), List.of("Cluster", "Namespaced")));
    }
  }

  private void checkNames() {
    name("plural", Function.identity());
    name("singular", Function.identity());
    name("kind", n -> n.toLowerCase(Locale.ROOT));
    name("listKind", n -> n.toLowerCase(Locale.ROOT));
    String kind = spec.string("names", "kind").orElse("");
    if (!kind.isEmpty() && spec.string("names", "listKind").filter(kind::equals).isPresent()) {
      invalid("spec.names.listKind", kind, "kind and listKind may not be the same");
    }
    for (String list : List.of("shortNames", "categories")) {
      List<String> names = spec.array("names", list).strings().toList();
      for (int i = 0; i < names.size(); i++) {
        List<String> wrong = NameFormats.dns1035Label(names.get(i));
        if (!wrong.isEmpty()) {
          invalid("spec.names." + list + "[" + i + "]", names.get(i), String.join(",", wrong));
        }
      }
    }
  }

  private void name(String field, Function<String, String> form) {
    String name = spec.string("names", field).orElse("");
    String path = "spec.names." + field;
    if (name.isEmpty()) {
      errors.add(FieldError.required(path, ""));
      return;
    }
    List<String> wrong = NameFormats.dns1035Label(form.apply(name));
    if (!wrong.isEmpty()) {
      boolean mixed = field.endsWith("ind");
      String prefix = mixed ? "may have mixed case, but should otherwise match: " : "";
      invalid(path, name, prefix + String.join(",", wrong));
    }
  }

  private void checkVersions() {
    List<JsonObject> versions = spec.array("versions").objects().toList();
    long storage = versions.stream().filter(v -> v.bool("storage").orElse(false)).count();
    if (storage != 1) {
      errors.add(
          FieldError.invalid(
              "spec.versions",
              spec.array("versions"),
              "must have exactly one version marked as storage version"));
    }
    var names = new HashSet<String>();
    boolean unique = true;
    for (int i = 0; i < versions.size(); i++) {
      unique &= names.add(versions.get(i).string("name").orElse(""));
      checkVersion(versions.get(i), "spec.versions[" + i + "]");
    }
    if (!unique) {
      errors.add(
          FieldError.invalid(
              "spec.versions", spec.array("versions"), "must contain unique version names"));
    }
  }

  private void checkVersion(JsonObject version, String path) {
    String name = version.string("name").orElse("");
    List<String> wrong = NameFormats.dns1035Label(name);
    if (!wrong.isEmpty()) {
      invalid(path + ".name", name, String.join(",", wrong));
    }
    if (version.has("deprecationWarning") && !version.bool("deprecated").orElse(false)) {
      invalid(
          path + ".deprecationWarning",
          version.string("deprecationWarning").orElse(""),
          "can only be set for deprecated versions");
    }
    String schemaPath = path + ".schema.openAPIV3Schema";
    switch (version.find("schema", "openAPIV3Schema").orElse(JsonNull.NULL)) {
      case JsonObject schema ->
          errors.addAll(new StructuralValidation().checkRoot(schema, schemaPath));
      case JsonNull n -> errors.add(FieldError.required(schemaPath, "schemas are required"));
      case Json other ->
          errors.add(FieldError.invalid(schemaPath, other, "must be a schema object"));
    }
    checkColumns(version, path + ".additionalPrinterColumns");
    checkScale(version, path + ".subresources.scale");
    checkSelectableFields(version, path + ".selectableFields");
  }

  private void checkColumns(JsonObject version, String path) {
    List<JsonObject> columns = version.array("additionalPrinterColumns").objects().toList();
    for (int i = 0; i < columns.size(); i++) {
      String at = path + "[" + i + "]";
      if (columns.get(i).string("name").orElse("").isEmpty()) {
        errors.add(FieldError.required(at + ".name", ""));
      }
      String type = columns.get(i).string("type").orElse("");
      if (type.isEmpty()) {
        errors.add(
            FieldError.required(at + ".type", "must be one of " + String.join(",", COLUMN_TYPES)));
      } else if (!COLUMN_TYPES.contains(type)) {
        invalid(at + ".type", type, "must be one of " + String.join(",", COLUMN_TYPES));
      }
      checkPath(at + ".jsonPath", columns.get(i).string("jsonPath").orElse(""), List.of(""));
    }
  }

  private void checkScale(JsonObject version, String path) {
    if (!(version.find("subresources", "scale").orElse(JsonNull.NULL)
        instanceof JsonObject scale)) {
      return;
    }
    checkPath(
        path + ".specReplicasPath", scale.string("specReplicasPath").orElse(""), List.of(".spec."));
    checkPath(
        path + ".statusReplicasPath",
        scale.string("statusReplicasPath").orElse(""),
        List.of(".status."));
    String selector = scale.string("labelSelectorPath").orElse("");
    if (!selector.isEmpty()) {
      checkPath(path + ".labelSelectorPath", selector, List.of(".spec.", ".status."));
    }
  }

  private void checkSelectableFields(JsonObject version, String path) {
    List<JsonObject> fields = version.array("selectableFields").objects().toList();
    if (fields.size() > 8) {
      errors.add(FieldError.tooMany(path, fields.size(), 8));
    }
    for (int i = 0; i < fields.size(); i++) {
      checkPath(
          path + "[" + i + "].jsonPath", fields.get(i).string("jsonPath").orElse(""), List.of(""));
    }
  }

  private void checkPath(String field, String text, List<String> roots) {
    if (text.isEmpty()) {
      errors.add(FieldError.required(field, ""));
      return;
    }
    try {
      JsonPath.parse(text);
    } catch (IllegalArgumentException e) {
      invalid(field, text, "is an invalid path: " + e.getMessage());
      return;
    }
    if (!text.startsWith(".")) {
      invalid(field, text, "must be a simple json path starting with .");
    } else if (roots.stream().noneMatch(text::startsWith)) {
      String under =
          String.join(" or ", roots.stream().map(r -> r.substring(0, r.length() - 1)).toList());
      invalid(field, text, "should be a json path under " + under);
    }
  }

  private void checkConversion() {
    String strategy = spec.string("conversion", "strategy").orElse("");
    switch (strategy) {
      case "None" -> {
        if (spec.object("conversion").has("webhook")) {
          errors.add(
              FieldError.forbidden(
                  "spec.conversion.webhook",
                  "should not be set when strategy is not set to Webhook"));
        }
      }
      case "Webhook" ->
          invalid(
              "spec.conversion.strategy",
              strategy,
              "conversion webhooks are not served here; use None and versions of one shape");
      case "" -> errors.add(FieldError.required("spec.conversion.strategy", ""));
      default ->
          errors.add(
              FieldError.notSupported(
                  "spec.conversion.strategy", Json.of(strategy), List.of("None", "Webhook")));
    }
  }

  private void invalid(String field, String value, String detail) {
    errors.add(FieldError.invalid(field, Json.of(value), detail));
  }
}
