package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules of a pod's volumes, worded as upstream's {@code validateVolumes}. Pure. */
final class VolumeValidation {
  private static final int MAX_MODE = 0777;

  private VolumeValidation() {}

  /**
   * @return the names of the volumes
   */
  static Set<String> validate(Check spec) {
    var names = new HashSet<String>();
    List<FieldError> errors = spec.errors();
    spec.each(
        "volumes",
        (item, at) -> {
          Check volume = Check.of(item, at, errors);
          String name = volume.text("name");
          volume.needs("name", Formats::dnsLabel);
          if (!name.isEmpty() && !names.add(name)) {
            errors.add(FieldError.duplicate(at + ".name", Json.of(name)));
          }
          source(volume);
        });
    return names;
  }

  /** What a template may leave open and a pod may not: which image a volume shows. */
  static void requireReferences(Check spec) {
    spec.each(
        "volumes",
        (item, at) ->
            Check.of(item, at, spec.errors())
                .in(
                    "image",
                    (image, where) -> Check.of(image, where, spec.errors()).needs("reference")));
  }

  private static void source(Check volume) {
    List<FieldError> errors = volume.errors();
    List<String> sources =
        volume.object().members().keySet().stream()
            .filter(member -> !member.equals("name") && volume.has(member))
            .toList();
    if (sources.isEmpty()) {
      errors.add(FieldError.required(volume.path(), "must specify a volume type"));
    }
    sources.stream()
        .skip(1)
        .forEach(extra -> volume.forbidden(extra, "may not specify more than 1 volume type"));
    volume
        .in("emptyDir", (item, at) -> emptyDir(Check.of(item, at, errors)))
        .in("hostPath", (item, at) -> hostPath(Check.of(item, at, errors)))
        .in("secret", (item, at) -> keyed(Check.of(item, at, errors), "secretName"))
        .in("configMap", (item, at) -> keyed(Check.of(item, at, errors), "name"))
        .in("downwardAPI", (item, at) -> downward(Check.of(item, at, errors)))
        .in("projected", (item, at) -> projected(Check.of(item, at, errors)))
        .in("nfs", (item, at) -> Check.of(item, at, errors).needs("server").needs("path"))
        .in("persistentVolumeClaim", (item, at) -> Check.of(item, at, errors).needs("claimName"))
        .in(
            "image",
            (item, at) ->
                Check.of(item, at, errors).oneOf("pullPolicy", "Always", "IfNotPresent", "Never"))
        .in("csi", (item, at) -> Check.of(item, at, errors).needs("driver"));
  }

  private static void emptyDir(Check check) {
    check
        .object()
        .get("sizeLimit")
        .flatMap(Quantity::read)
        .filter(Quantity::isNegative)
        .ifPresent(
            negative ->
                check.forbidden("sizeLimit", "SizeLimit field must be a valid resource quantity"));
  }

  private static void hostPath(Check check) {
    check.needs("path");
    if (List.of(check.text("path").split("/", -1)).contains("..")) {
      check.invalid("path", "must not contain '..'");
    }
    check.optionalOneOf(
        "type",
        "DirectoryOrCreate",
        "Directory",
        "FileOrCreate",
        "File",
        "Socket",
        "CharDevice",
        "BlockDevice");
  }

  private static void keyed(Check check, String name) {
    check.needs(name);
    mode(check, "defaultMode");
    items(check);
  }

  private static void items(Check check) {
    check.each(
        "items",
        (item, at) -> {
          Check entry = Check.of(item, at, check.errors());
          entry.needs("key").needs("path");
          ContainerValidation.relativePath(entry, "path");
          mode(entry, "mode");
        });
  }

  private static void downward(Check check) {
    mode(check, "defaultMode");
    check.each(
        "items",
        (item, at) -> {
          Check file = Check.of(item, at, check.errors());
          file.needs("path");
          ContainerValidation.relativePath(file, "path");
          mode(file, "mode");
          if (file.has("fieldRef") && file.has("resourceFieldRef")) {
            check
                .errors()
                .add(
                    FieldError.invalid(
                        at,
                        item,
                        "fieldRef and resourceFieldRef can not be specified simultaneously"));
          } else if (!file.has("fieldRef") && !file.has("resourceFieldRef")) {
            check
                .errors()
                .add(FieldError.required(at, "one of fieldRef and resourceFieldRef is required"));
          }
          file.in(
                  "fieldRef",
                  (field, where) -> EnvironmentValidation.volumeField(field, where, check.errors()))
              .in(
                  "resourceFieldRef",
                  (field, where) -> {
                    Check resource = Check.of(field, where, check.errors());
                    resource.needs("containerName");
                    EnvironmentValidation.resource(resource);
                  });
        });
  }

  private static void projected(Check check) {
    mode(check, "defaultMode");
    List<FieldError> errors = check.errors();
    check.each(
        "sources",
        (item, at) -> {
          Check source = Check.of(item, at, errors);
          if (item.size() > 1) {
            errors.add(FieldError.forbidden(at, "may not specify more than 1 volume type"));
          }
          source
              .in("secret", (s, where) -> projectedKeys(s, where, errors))
              .in("configMap", (s, where) -> projectedKeys(s, where, errors))
              .in("downwardAPI", (s, where) -> downward(Check.of(s, where, errors)))
              .in("serviceAccountToken", (s, where) -> token(Check.of(s, where, errors)));
        });
  }

  private static void projectedKeys(JsonObject source, String path, List<FieldError> errors) {
    Check check = Check.of(source, path, errors);
    check.needs("name");
    items(check);
  }

  private static void token(Check check) {
    long seconds = check.object().integer("expirationSeconds").orElse(3600);
    if (seconds < 600) {
      check.invalid("expirationSeconds", "may not specify a duration less than 10 minutes");
    } else if (seconds > 1L << 32) {
      check.invalid("expirationSeconds", "may not specify a duration larger than 2^32 seconds");
    }
    check.needs("path");
    ContainerValidation.relativePath(check, "path");
  }

  private static void mode(Check check, String name) {
    long mode = check.object().integer(name).orElse(0);
    if (mode < 0 || mode > MAX_MODE) {
      check.invalid(name, "must be a number between 0 and 0777 (octal), both inclusive");
    }
  }
}
