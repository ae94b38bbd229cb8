package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.OwnerReference;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What must hold for the metadata of every object, as {@code
 * k8s.io/apimachinery/pkg/api/validation} words it.
 */
final class MetadataRules {
  private static final int MAX_ANNOTATION_BYTES = 256 * 1024;
  private static final int MAX_SUBDOMAIN = 253;
  private static final Pattern SUBDOMAIN =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
  private static final Pattern QUALIFIED =
      Pattern.compile("([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]");
  private static final Pattern LABEL_VALUE =
      Pattern.compile("(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?");
  private static final String SUBDOMAIN_WORDS =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
          + " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex"
          + " used for validation is"
          + " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  private static final String QUALIFIED_WORDS =
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end"
          + " with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex"
          + " used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  private static final String VALUE_WORDS =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or"
          + " '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or"
          + " 'my_value',  or '12345', regex used for validation is"
          + " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

  private MetadataRules() {}

  /** How the name of a kind is checked here. */
  enum NameRule {
    /** The hooks of the kind know better. */
    PATH_SEGMENT,
    SUBDOMAIN
  }

  static List<FieldError> ofCreate(KubeObject object, NameRule nameRule) {
    var errors = new ArrayList<FieldError>();
    String name = object.name();
    if (name.isEmpty()) {
      errors.add(FieldError.required("metadata.name", "name or generateName is required"));
    } else {
      nameErrors(name, nameRule)
          .forEach(e -> errors.add(FieldError.invalid("metadata.name", Json.of(name), e)));
    }
    common(object, errors);
    return errors;
  }

  static List<FieldError> ofUpdate(KubeObject object, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    immutable("name", object, old, errors);
    immutable("namespace", object, old, errors);
    immutable("uid", object, old, errors);
    immutable("creationTimestamp", object, old, errors);
    if (old.isBeingDeleted()) {
      List<String> added =
          object.finalizers().stream().filter(f -> !old.finalizers().contains(f)).toList();
      if (!added.isEmpty()) {
        errors.add(
            FieldError.forbidden(
                "metadata.finalizers",
                "no new finalizers can be added if the object is being deleted, found new"
                    + " finalizers []string{"
                    + String.join(", ", added.stream().map(f -> '"' + f + '"').toList())
                    + "}"));
      }
    } else if (object.isBeingDeleted()) {
      immutable("deletionTimestamp", object, old, errors);
    }
    common(object, errors);
    return errors;
  }

  private static void immutable(
      String field, KubeObject object, KubeObject old, List<FieldError> errors) {
    Optional<Json> next = object.metadata().get(field);
    if (!next.equals(old.metadata().get(field))) {
      errors.add(
          FieldError.invalid(
              "metadata." + field, next.orElse(Json.of("")), "field is immutable"));
    }
  }

  private static void common(KubeObject object, List<FieldError> errors) {
    object.labels().forEach((key, value) -> label(key, value, errors));
    annotations(object.annotations(), errors);
    var owners = object.ownerReferences();
    for (int i = 0; i < owners.size(); i++) {
      owner(owners.get(i), "metadata.ownerReferences[" + i + "]", errors);
    }
    var controllers = owners.stream().filter(OwnerReference::isController).toList();
    if (controllers.size() > 1) {
      errors.add(
          FieldError.invalid(
              "metadata.ownerReferences",
              object.json().array("metadata", "ownerReferences"),
              "Only one reference can have Controller set to true. Found \"true\" in references"
                  + " for "
                  + controllers.get(0).kind()
                  + "/"
                  + controllers.get(0).name()
                  + " and "
                  + controllers.get(1).kind()
                  + "/"
                  + controllers.get(1).name()));
    }
    for (String finalizer : object.finalizers()) {
      qualifiedName(finalizer)
          .forEach(
              e -> errors.add(FieldError.invalid("metadata.finalizers", Json.of(finalizer), e)));
    }
  }

  private static void label(String key, String value, List<FieldError> errors) {
    qualifiedName(key)
        .forEach(e -> errors.add(FieldError.invalid("metadata.labels", Json.of(key), e)));
    if (value.length() > 63) {
      errors.add(
          FieldError.invalid(
              "metadata.labels", Json.of(value), "must be no more than 63 characters"));
    }
    if (!LABEL_VALUE.matcher(value).matches()) {
      errors.add(FieldError.invalid("metadata.labels", Json.of(value), VALUE_WORDS));
    }
  }

  private static void annotations(Map<String, String> annotations, List<FieldError> errors) {
    long size = 0;
    for (var entry : annotations.entrySet()) {
      qualifiedName(entry.getKey().toLowerCase(java.util.Locale.ROOT))
          .forEach(
              e ->
                  errors.add(
                      FieldError.invalid("metadata.annotations", Json.of(entry.getKey()), e)));
      size += entry.getKey().length() + (long) entry.getValue().length();
    }
    if (size > MAX_ANNOTATION_BYTES) {
      errors.add(FieldError.tooLong("metadata.annotations", MAX_ANNOTATION_BYTES));
    }
  }

  private static void owner(OwnerReference owner, String path, List<FieldError> errors) {
    required(owner.apiVersion(), path + ".apiVersion", "version must not be empty", errors);
    required(owner.kind(), path + ".kind", "kind must not be empty", errors);
    required(owner.name(), path + ".name", "name must not be empty", errors);
    required(owner.uid(), path + ".uid", "uid must not be empty", errors);
  }

  private static void required(
      String value, String field, String detail, List<FieldError> errors) {
    if (value.isEmpty()) {
      errors.add(FieldError.invalid(field, Json.of(value), detail));
    }
  }

  private static List<String> nameErrors(String name, NameRule rule) {
    var errors = new ArrayList<String>();
    if (name.equals(".") || name.equals("..")) {
      errors.add("may not be '" + name + "'");
    }
    if (name.contains("/")) {
      errors.add("may not contain '/'");
    }
    if (name.contains("%")) {
      errors.add("may not contain '%'");
    }
    if (rule == NameRule.SUBDOMAIN) {
      if (name.length() > MAX_SUBDOMAIN) {
        errors.add("must be no more than 253 characters");
      }
      if (!SUBDOMAIN.matcher(name).matches()) {
        errors.add(SUBDOMAIN_WORDS);
      }
    }
    return errors;
  }

  /** What is wrong with {@code prefix/name}, as upstream's IsQualifiedName says it. */
  private static List<String> qualifiedName(String text) {
    var errors = new ArrayList<String>();
    String[] parts = text.split("/", -1);
    String name = parts[parts.length - 1];
    if (parts.length > 2) {
      return List.of(
          "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must"
              + " start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
              + " '123-abc', regex used for validation is"
              + " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix"
              + " and '/' (e.g. 'example.com/MyName')");
    }
    if (parts.length == 2) {
      if (parts[0].isEmpty()) {
        errors.add("prefix part must be non-empty");
      } else if (parts[0].length() > MAX_SUBDOMAIN || !SUBDOMAIN.matcher(parts[0]).matches()) {
        errors.add("prefix part " + SUBDOMAIN_WORDS);
      }
    }
    if (name.isEmpty()) {
      errors.add("name part must be non-empty");
    } else if (name.length() > 63) {
      errors.add("name part must be no more than 63 characters");
    }
    if (!QUALIFIED.matcher(name).matches()) {
      errors.add(QUALIFIED_WORDS);
    }
    return errors;
  }
}
