package dev.nacelle.apiserver.auth.review;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.extension.Responder.Request;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** Whether somebody may do something, and what they may do. */
final class AccessReviews {
  private final Authorizer authorizer;

  AccessReviews(Authorizer authorizer) {
    this.authorizer = authorizer;
  }

  /** May who asks do it? */
  KubeObject self(Request request) {
    JsonObject spec = request.body().spec();
    requireOneTarget(request, spec);
    return decided(request, attributes(request.identity(), spec));
  }

  /** May the named subject do it? */
  KubeObject subject(Request request) {
    JsonObject spec = request.body().spec();
    requireOneTarget(request, spec);
    requireSubject(request, spec);
    return decided(request, attributes(UserInfo.ofReview(spec), spec));
  }

  /** As {@link #subject}, in the namespace of the request. */
  KubeObject local(Request request) {
    JsonObject spec = request.body().spec();
    String namespace = request.key().namespace();
    if (spec.has("nonResourceAttributes")) {
      throw invalid(
          request,
          FieldError.invalid(
              "spec.nonResourceAttributes",
              spec.object("nonResourceAttributes"),
              "disallowed on this kind of request"));
    }
    requireOneTarget(request, spec);
    requireSubject(request, spec);
    String asked = spec.string("resourceAttributes", "namespace").orElse("");
    if (!asked.equals(namespace)) {
      throw invalid(
          request,
          FieldError.invalid(
              "spec.resourceAttributes.namespace",
              Json.of(asked),
              "must match metadata.namespace"));
    }
    return decided(request, attributes(UserInfo.ofReview(spec), spec));
  }

  /** What may who asks do? */
  KubeObject rules(Request request) {
    String namespace = request.body().spec().string("namespace").orElse("");
    if (namespace.isEmpty()) {
      throw ApiException.badRequest("no namespace on request");
    }
    Authorizer.Rules rules = authorizer.rulesFor(request.identity(), namespace);
    var resources = new ArrayList<Json>();
    for (Authorizer.ResourceRule rule : rules.resources()) {
      JsonObject.Builder json =
          JsonObject.builder()
              .put("verbs", JsonArray.ofStrings(rule.verbs()))
              .put("apiGroups", JsonArray.ofStrings(rule.groups()))
              .put("resources", JsonArray.ofStrings(rule.resources()));
      if (!rule.names().isEmpty()) {
        json.put("resourceNames", JsonArray.ofStrings(rule.names()));
      }
      resources.add(json.build());
    }
    var paths = new ArrayList<Json>();
    for (Authorizer.PathRule rule : rules.paths()) {
      paths.add(
          JsonObject.builder()
              .put("verbs", JsonArray.ofStrings(rule.verbs()))
              .put("nonResourceURLs", JsonArray.ofStrings(rule.paths()))
              .build());
    }
    JsonObject.Builder status =
        JsonObject.builder()
            .put("resourceRules", new JsonArray(resources))
            .put("nonResourceRules", new JsonArray(paths))
            .put("incomplete", !rules.incompleteBecause().isEmpty());
    if (!rules.incompleteBecause().isEmpty()) {
      status.put("evaluationError", rules.incompleteBecause());
    }
    return request.body().withStatus(status.build());
  }

  private KubeObject decided(Request request, Attributes attributes) {
    Decision decision = authorizer.authorize(attributes);
    JsonObject.Builder status =
        JsonObject.builder().put("allowed", decision instanceof Decision.Allow);
    if (decision instanceof Decision.Deny) {
      status.put("denied", true);
    }
    if (!decision.reason().isEmpty()) {
      status.put("reason", decision.reason());
    }
    return request.body().withStatus(status.build());
  }

  private static Attributes attributes(Identity identity, JsonObject spec) {
    if (spec.has("nonResourceAttributes")) {
      JsonObject path = spec.object("nonResourceAttributes");
      return new Attributes(
          identity,
          path.string("verb").orElse(""),
          new Attributes.Path(path.string("path").orElse("")));
    }
    JsonObject resource = spec.object("resourceAttributes");
    return new Attributes(
        identity,
        resource.string("verb").orElse(""),
        new Attributes.Resource(
            resource.string("group").orElse(""),
            resource.string("version").orElse("*"),
            resource.string("resource").orElse(""),
            resource.string("subresource").orElse(""),
            resource.string("namespace").orElse(""),
            resource.string("name").orElse("")));
  }

  private static void requireOneTarget(Request request, JsonObject spec) {
    boolean hasPath = spec.has("nonResourceAttributes");
    boolean hasResource = spec.has("resourceAttributes");
    if (hasPath && hasResource) {
      throw invalid(
          request,
          FieldError.invalid(
              "spec.nonResourceAttributes",
              spec.object("nonResourceAttributes"),
              "cannot be specified in combination with resourceAttributes"));
    }
    if (!hasPath && !hasResource) {
      throw invalid(
          request,
          FieldError.invalid(
              "spec.resourceAttributes",
              Json.nullValue(),
              "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
    }
  }

  private static void requireSubject(Request request, JsonObject spec) {
    if (spec.string("user").orElse("").isEmpty() && spec.array("groups").isEmpty()) {
      throw invalid(
          request,
          FieldError.invalid(
              "spec.user", Json.of(""), "at least one of user or group must be specified"));
    }
  }

  private static ApiException invalid(Request request, FieldError error) {
    return ApiException.invalid(
        request.body().groupVersionKind(), request.body().name(), List.of(error));
  }
}
