package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Check;
import dev.nacelle.api.kinds.shared.Formats;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules of containers, worded as upstream's {@code validateContainers}. Pure. */
final class ContainerValidation {
  private static final List<String> PROBES =
      List.of("livenessProbe", "readinessProbe", "startupProbe");

  private ContainerValidation() {}

  static void validate(
      JsonObject container, String path, Set<String> volumes, List<FieldError> errors) {
    common(Check.of(container, path, errors), volumes);
  }

  /** An init container has no probes and no hooks unless it goes on beside the others. */
  static void validateInit(
      JsonObject container, String path, Set<String> volumes, List<FieldError> errors) {
    Check check = Check.of(container, path, errors);
    common(check, volumes);
    if (!check.text("restartPolicy").equals("Always")) {
      for (String name : List.of("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")) {
        if (check.has(name)) {
          check.forbidden(name, "may not be set for init containers without restartPolicy=Always");
        }
      }
    }
  }

  private static void common(Check check, Set<String> volumes) {
    List<FieldError> errors = check.errors();
    check.needs("name", Formats::dnsLabel);
    String image = check.text("image");
    if (image.isEmpty()) {
      check.required("image", "");
    } else if (!image.strip().equals(image)) {
      check.invalid("image", "must not have leading or trailing whitespace");
    }
    check
        .oneOf("imagePullPolicy", "Always", "IfNotPresent", "Never")
        .optionalOneOf("restartPolicy", "Always", "OnFailure", "Never");
    String message = check.text("terminationMessagePolicy");
    if (message.isEmpty()) {
      check.required("terminationMessagePolicy", "");
    } else if (!message.equals("File") && !message.equals("FallbackToLogsOnError")) {
      check.invalid("terminationMessagePolicy", "must be 'File' or 'FallbackToLogsOnError'");
    }
    ports(check);
    check
        .each("env", (item, at) -> EnvironmentValidation.variable(item, at, errors))
        .each("envFrom", (item, at) -> EnvironmentValidation.source(item, at, errors))
        .each("volumeMounts", (item, at) -> mount(Check.of(item, at, errors), volumes))
        .each("volumeDevices", (item, at) -> device(Check.of(item, at, errors), volumes))
        .in("lifecycle", (item, at) -> lifecycle(item, at, errors))
        .in("resources", (item, at) -> ResourceValidation.validate(item, at, errors))
        .in("securityContext", (item, at) -> securityContext(item, at, errors));
    uniqueMountPaths(check);
    for (String probe : PROBES) {
      check.in(probe, (item, at) -> ProbeValidation.validate(probe, item, at, errors));
    }
  }

  private static void ports(Check check) {
    List<FieldError> errors = check.errors();
    check.each(
        "ports",
        (item, at) -> {
          Check port = Check.of(item, at, errors);
          port.matches("name", Formats::portName);
          long number = item.integer("containerPort").orElse(0);
          if (number == 0) {
            port.required("containerPort", "");
          } else {
            port.port("containerPort");
          }
          if (item.integer("hostPort").orElse(0) != 0) {
            port.port("hostPort");
          }
          port.matches("hostIP", Formats::ipAddress).oneOf("protocol", "TCP", "UDP", "SCTP");
        });
    check.unique("ports", "name");
  }

  private static void mount(Check check, Set<String> volumes) {
    String name = check.text("name");
    if (name.isEmpty()) {
      check.required("name", "");
    } else if (!volumes.contains(name)) {
      check.errors().add(FieldError.notFound(check.at("name"), Json.of(name)));
    }
    check.needs("mountPath");
    relativePath(check, "subPath");
    relativePath(check, "subPathExpr");
    if (!check.text("subPath").isEmpty() && !check.text("subPathExpr").isEmpty()) {
      check.invalid("subPathExpr", "subPathExpr and subPath are mutually exclusive");
    }
    check.optionalOneOf("mountPropagation", "Bidirectional", "HostToContainer", "None");
  }

  private static void device(Check check, Set<String> volumes) {
    String name = check.text("name");
    if (name.isEmpty()) {
      check.required("name", "");
    } else if (!volumes.contains(name)) {
      check.errors().add(FieldError.notFound(check.at("name"), Json.of(name)));
    }
    check.needs("devicePath");
  }

  private static void uniqueMountPaths(Check check) {
    var paths = new HashSet<String>();
    check.each(
        "volumeMounts",
        (mount, at) -> {
          String path = mount.string("mountPath").orElse("");
          if (!path.isEmpty() && !paths.add(path)) {
            check
                .errors()
                .add(FieldError.invalid(at + ".mountPath", Json.of(path), "must be unique"));
          }
        });
  }

  /** Adds an error where a path leaves the directory that it is in. */
  static void relativePath(Check check, String name) {
    String path = check.text(name);
    if (path.startsWith("/")) {
      check.invalid(name, "must be a relative path");
    }
    if (Arrays.asList(path.split("/", -1)).contains("..")) {
      check.invalid(name, "must not contain '..'");
    }
  }

  private static void lifecycle(JsonObject lifecycle, String path, List<FieldError> errors) {
    Check check = Check.of(lifecycle, path, errors);
    for (String event : List.of("postStart", "preStop")) {
      check.in(event, (item, at) -> ProbeValidation.lifecycleHandler(item, at, errors));
    }
  }

  private static void securityContext(JsonObject context, String path, List<FieldError> errors) {
    Check check = Check.of(context, path, errors);
    check
        .between("runAsUser", 0, Integer.MAX_VALUE)
        .between("runAsGroup", 0, Integer.MAX_VALUE)
        .optionalOneOf("procMount", "Default", "Unmasked");
    boolean escalation = context.bool("allowPrivilegeEscalation").orElse(true);
    if (!escalation && context.bool("privileged").orElse(false)) {
      errors.add(
          FieldError.invalid(
              path,
              context,
              "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
    }
    boolean admin =
        context.array("capabilities", "add").strings().anyMatch(c -> c.equals("CAP_SYS_ADMIN"));
    if (!escalation && admin) {
      errors.add(
          FieldError.invalid(
              path,
              context,
              "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add`"
                  + " CAP_SYS_ADMIN"));
    }
  }
}
