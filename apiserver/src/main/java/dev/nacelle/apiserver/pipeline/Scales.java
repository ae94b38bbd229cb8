package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.VersionDefinition.ScalePaths;
import dev.nacelle.api.jsonpath.JsonPath;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonString;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The scale subresource: the number of replicas of any kind as an autoscaling/v1 Scale. */
final class Scales {
  private static final GroupVersionKind SCALE = new GroupVersionKind("autoscaling", "v1", "Scale");

  private Scales() {}

  static KubeObject of(Target target, KubeObject object) {
    ScalePaths paths = target.version().scale().orElseThrow(ApiException::notFound);
    var metadata = JsonObject.builder();
    for (String field :
        List.of("name", "namespace", "uid", "resourceVersion", "creationTimestamp")) {
      metadata.putIf(field, object.metadata().get(field));
    }
    boolean isBuiltIn = target.definition().origin() == ResourceDefinition.Origin.BUILT_IN;
    var status = JsonObject.builder();
    status.put("replicas", number(object, paths.statusReplicas()).orElse(0));
    paths
        .labelSelector()
        .flatMap(path -> first(object, path))
        // built-in kinds have it in their spec, in the form of an object
        .or(() -> object.json().find("spec", "selector").filter(s -> isBuiltIn))
        .map(Scales::selectorText)
        .filter(text -> !text.isEmpty())
        .ifPresent(text -> status.put("selector", text));
    var spec = JsonObject.builder();
    number(object, paths.specReplicas()).ifPresent(n -> spec.put("replicas", n));
    return new KubeObject(
        JsonObject.builder()
            .put("kind", SCALE.kind())
            .put("apiVersion", SCALE.apiVersion())
            .put("metadata", metadata.build())
            .put("spec", spec.build())
            .put("status", status.build())
            .build());
  }

  /** The object with the number of replicas that a Scale asks for. */
  static KubeObject applied(Target target, KubeObject object, JsonObject scale) {
    ScalePaths paths = target.version().scale().orElseThrow(ApiException::notFound);
    if (!scale.string("kind").orElse("Scale").equals("Scale")) {
      throw ApiException.badRequest("expected a Scale, got a " + scale.string("kind").orElse(""));
    }
    String name = scale.string("metadata", "name").orElse(object.name());
    if (!name.equals(object.name())) {
      throw Patching.nameMismatch(name, object.name());
    }
    long replicas = scale.integer("spec", "replicas").orElse(0);
    if (replicas < 0 || replicas > Integer.MAX_VALUE) {
      throw ApiException.invalid(
          SCALE,
          object.name(),
          List.of(
              FieldError.invalid(
                  "spec.replicas", Json.of(replicas), "must be greater than or equal to 0")));
    }
    var changed =
        new KubeObject(object.json().withAt(Json.of(replicas), members(paths.specReplicas())));
    return scale
        .string("metadata", "resourceVersion")
        .filter(rv -> !rv.isEmpty())
        .map(rv -> changed.withMetadata("resourceVersion", Json.of(rv)))
        .orElse(changed);
  }

  /** What an applied Scale says of the object it scales, as a configuration of that object. */
  static KubeObject configuration(Target whole, KubeObject object, JsonObject scale) {
    String kind = scale.string("apiVersion").orElse("") + " " + scale.string("kind").orElse("");
    if (!kind.equals(SCALE.apiVersion() + " " + SCALE.kind())) {
      throw ApiException.badRequest(
          "the configuration is of " + kind + ", the request is for autoscaling/v1 Scale");
    }
    KubeObject scaled = applied(whole, object, scale);
    ScalePaths paths = whole.version().scale().orElseThrow(ApiException::notFound);
    var metadata = JsonObject.builder().put("name", object.name());
    if (!object.namespace().isEmpty()) {
      metadata.put("namespace", object.namespace());
    }
    var result =
        JsonObject.builder()
            .put("apiVersion", whole.kind().apiVersion())
            .put("kind", whole.kind().kind())
            .put("metadata", metadata.build())
            .build();
    return new KubeObject(
        scale
            .find("spec", "replicas")
            .flatMap(n -> first(scaled, paths.specReplicas()))
            .map(n -> result.withAt(n, members(paths.specReplicas())))
            .orElse(result));
  }

  /** The names in a path like {@code .spec.replicas}. */
  private static String[] members(String path) {
    return path.substring(1).split("\\.");
  }

  private static String selectorText(Json selector) {
    return switch (selector) {
      case JsonString s -> s.value();
      case JsonObject o when o.has("matchLabels") || o.has("matchExpressions") || o.isEmpty() ->
          LabelSelector.of(o).toString();
      case JsonObject o -> LabelSelector.ofLabels(o.strings()).toString();
      case Json other -> "";
    };
  }

  private static OptionalLong number(KubeObject object, String path) {
    return first(object, path)
        .filter(JsonNumber.class::isInstance)
        .map(n -> OptionalLong.of(((JsonNumber) n).longValue()))
        .orElse(OptionalLong.empty());
  }

  private static Optional<Json> first(KubeObject object, String path) {
    return JsonPath.parse(path).find(object.json()).stream().findFirst();
  }
}
