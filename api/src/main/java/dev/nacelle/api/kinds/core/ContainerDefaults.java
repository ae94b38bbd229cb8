package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Defaults of containers, their ports, probes and environment. Pure. */
final class ContainerDefaults {
  private static final int MAX_NAME = 1024;
  private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*+";

  /** As much of the grammar of references as tells where the tag is. */
  private static final Pattern NAME =
      Pattern.compile(
          "(?:[a-zA-Z0-9.\\[\\]-]+(?::[0-9]+)?/)?"
              + COMPONENT
              + "(?:/"
              + COMPONENT
              + ")*+(?::(?<tag>[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}))?(?:@(?<digest>.+))?");

  private ContainerDefaults() {}

  static JsonObject container(JsonObject container) {
    Edit edit =
        Edit.of(container)
            .text("terminationMessagePath", "/dev/termination-log")
            .text("terminationMessagePolicy", "File")
            .text("imagePullPolicy", pullPolicy(container.string("image").orElse("")))
            .absent("resources", JsonObject.EMPTY)
            .in("resources", PodDefaults::resources)
            .each("ports", port -> Edit.of(port).text("protocol", "TCP").done())
            .each(
                "env",
                variable -> Edit.of(variable).in("valueFrom", ContainerDefaults::source).done())
            .in("lifecycle", ContainerDefaults::lifecycle);
    for (String probe : List.of("livenessProbe", "readinessProbe", "startupProbe")) {
      edit.in(probe, ContainerDefaults::probe);
    }
    return edit.done();
  }

  /**
   * Always with the tag latest (also beside a digest) and without tag and digest; what is no name
   * has no tag.
   */
  static String pullPolicy(String image) {
    if (image.length() > MAX_NAME) {
      return "IfNotPresent";
    }
    Matcher name = NAME.matcher(image);
    boolean latest =
        name.matches()
            && Optional.ofNullable(name.group("tag"))
                .map("latest"::equals)
                .orElse(name.group("digest") == null);
    return latest ? "Always" : "IfNotPresent";
  }

  static JsonObject fieldReference(JsonObject reference) {
    return Edit.of(reference).text("apiVersion", "v1").done();
  }

  static JsonObject resourceReference(JsonObject reference) {
    return Edit.of(reference).absent("divisor", Json.of("0")).done();
  }

  private static JsonObject source(JsonObject source) {
    return Edit.of(source)
        .in("fieldRef", ContainerDefaults::fieldReference)
        .in("resourceFieldRef", ContainerDefaults::resourceReference)
        .in("fileKeyRef", key -> Edit.of(key).absent("optional", Json.of(false)).done())
        .done();
  }

  private static JsonObject probe(JsonObject probe) {
    return Edit.of(probe)
        .number("timeoutSeconds", 1)
        .number("periodSeconds", 10)
        .number("successThreshold", 1)
        .number("failureThreshold", 3)
        .in("httpGet", ContainerDefaults::httpGet)
        .in("grpc", grpc -> Edit.of(grpc).absent("service", Json.of("")).done())
        .done();
  }

  private static JsonObject lifecycle(JsonObject lifecycle) {
    Edit edit = Edit.of(lifecycle);
    for (String event : List.of("postStart", "preStop")) {
      edit.in(event, handler -> Edit.of(handler).in("httpGet", ContainerDefaults::httpGet).done());
    }
    return edit.done();
  }

  private static JsonObject httpGet(JsonObject request) {
    return Edit.of(request).text("path", "/").text("scheme", "HTTP").done();
  }
}
