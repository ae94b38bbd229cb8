package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The rules of a pod's ephemeral containers: they are added, never changed or taken away, and may
 * not have what needs a place in the life of the pod. Messages are upstream's ({@code
 * validateEphemeralContainers}, {@code ValidatePodEphemeralContainersUpdate}).
 */
final class EphemeralContainers {
  private static final String PATH = "spec.ephemeralContainers";
  private static final Set<String> ALLOWED =
      Set.of(
          "name",
          "image",
          "command",
          "args",
          "workingDir",
          "env",
          "envFrom",
          "volumeMounts",
          "volumeDevices",
          "imagePullPolicy",
          "terminationMessagePath",
          "terminationMessagePolicy",
          "securityContext",
          "stdin",
          "stdinOnce",
          "tty",
          "targetContainerName");

  private EphemeralContainers() {}

  static List<FieldError> faults(KubeObject pod, KubeObject old) {
    var errors = new ArrayList<FieldError>();
    Set<String> others = names(pod, "containers");
    others.addAll(names(pod, "initContainers"));
    Map<String, JsonObject> now = new HashMap<>();
    List<JsonObject> containers = pod.spec().array("ephemeralContainers").objects().toList();
    for (int i = 0; i < containers.size(); i++) {
      JsonObject container = containers.get(i);
      String at = PATH + "[" + i + "]";
      String name = container.string("name").orElse("");
      if (name.isEmpty()) {
        errors.add(FieldError.required(at + ".name", ""));
      } else if (others.contains(name) || now.put(name, container) != null) {
        errors.add(FieldError.duplicate(at + ".name", Json.of(name)));
      }
      if (container.string("image").orElse("").isEmpty()) {
        errors.add(FieldError.required(at + ".image", ""));
      }
      container.string("targetContainerName").stream()
          .filter(aim -> !aim.isEmpty() && !others.contains(aim))
          .forEach(
              aim -> errors.add(FieldError.notFound(at + ".targetContainerName", Json.of(aim))));
      container.members().keySet().stream()
          .filter(field -> !ALLOWED.contains(field) && !isEmpty(container, field))
          .forEach(
              field ->
                  errors.add(
                      FieldError.forbidden(
                          at + "." + field, "cannot be set for an Ephemeral Container")));
    }
    for (JsonObject before : old.spec().array("ephemeralContainers").objects().toList()) {
      String name = before.string("name").orElse("");
      JsonObject kept = now.get(name);
      if (kept == null) {
        errors.add(
            FieldError.forbidden(
                PATH, "existing ephemeral containers \"" + name + "\" may not be removed"));
      } else if (!kept.equals(before)) {
        errors.add(
            FieldError.forbidden(
                PATH, "existing ephemeral containers \"" + name + "\" may not be changed"));
      }
    }
    return errors;
  }

  private static boolean isEmpty(JsonObject container, String field) {
    Json value = container.get(field).orElse(JsonObject.EMPTY);
    return value.equals(JsonObject.EMPTY) || value.equals(JsonArray.EMPTY);
  }

  private static Set<String> names(KubeObject pod, String list) {
    var names = new HashSet<String>();
    pod.spec().array(list).objects().forEach(c -> c.string("name").ifPresent(names::add));
    return names;
  }
}
