package dev.nacelle.controllers.deployment;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.TemplateHash;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The ReplicaSet of a Deployment's present template. */
final class NewSet {
  private static final Set<String> NOT_COPIED =
      Set.of(
          "kubectl.kubernetes.io/last-applied-configuration",
          Sets.REVISION,
          Sets.REVISION_HISTORY,
          Sets.DESIRED_REPLICAS,
          Sets.MAX_REPLICAS,
          "deprecated.deployment.rollback.to");
  private static final int MAX_HISTORY_LENGTH = 2_000;

  private NewSet() {}

  /** The oldest set that has the template of the Deployment. */
  static Optional<KubeObject> find(KubeObject deployment, List<KubeObject> sets) {
    JsonObject template = deployment.spec().object("template");
    return sets.stream()
        .sorted(Sets.BY_AGE)
        .filter(s -> TemplateHash.sameTemplate(s.spec().object("template"), template))
        .findFirst();
  }

  /** The set to create. */
  static KubeObject make(
      KubeObject deployment, RolloutSettings settings, long revision, int replicas) {
    JsonObject template = deployment.spec().object("template");
    String hash = TemplateHash.of(template, deployment.status().integer("collisionCount"));
    JsonObject labelled = template.withAt(Json.of(hash), "metadata", "labels", TemplateHash.LABEL);
    JsonObject metadata =
        JsonObject.builder()
            .put("name", deployment.name() + "-" + hash)
            .put("namespace", deployment.namespace())
            .put("labels", labelled.object("metadata", "labels"))
            .put(
                "ownerReferences",
                JsonArray.of(OwnerKind.DEPLOYMENT.reference(deployment).toJson()))
            .build();
    var spec =
        JsonObject.builder()
            .put("replicas", replicas)
            .put(
                "selector",
                deployment
                    .spec()
                    .object("selector")
                    .withAt(Json.of(hash), "matchLabels", TemplateHash.LABEL))
            .put("template", labelled)
            .putIf("minReadySeconds", deployment.spec().get("minReadySeconds"));
    var set =
        new KubeObject(
            JsonObject.builder()
                .put("apiVersion", "apps/v1")
                .put("kind", "ReplicaSet")
                .put("metadata", metadata)
                .put("spec", spec.build())
                .build());
    return Sets.noting(annotated(deployment, set, revision), settings);
  }

  /** The present set with the annotations and settings it should have now. */
  static KubeObject refreshed(KubeObject deployment, KubeObject set, long revision) {
    KubeObject result = annotated(deployment, set, revision);
    Optional<Json> minReady = deployment.spec().get("minReadySeconds");
    long wanted = deployment.spec().integer("minReadySeconds").orElse(0);
    if (wanted == set.spec().integer("minReadySeconds").orElse(0)) {
      return result;
    }
    return result.withSpec(
        minReady.isPresent()
            ? result.spec().with("minReadySeconds", minReady.get())
            : result.spec().without("minReadySeconds"));
  }

  private static KubeObject annotated(KubeObject deployment, KubeObject set, long revision) {
    Map<String, String> annotations = new LinkedHashMap<>(set.annotations());
    deployment
        .annotations()
        .forEach(
            (name, value) -> {
              if (!NOT_COPIED.contains(name)) {
                annotations.put(name, value);
              }
            });
    long old = Sets.revision(set);
    if (old < revision) {
      annotations.put(Sets.REVISION, Long.toString(revision));
      if (old > 0) {
        annotations.put(
            Sets.REVISION_HISTORY, history(annotations.get(Sets.REVISION_HISTORY), old));
      }
    }
    return annotations.equals(set.annotations())
        ? set
        : set.withMetadata(
            "annotations", JsonObject.builder().putStrings("a", annotations).build().object("a"));
  }

  private static String history(@Nullable String before, long old) {
    String text = before == null || before.isEmpty() ? Long.toString(old) : before + "," + old;
    while (text.length() > MAX_HISTORY_LENGTH && text.indexOf(',') >= 0) {
      text = text.substring(text.indexOf(',') + 1);
    }
    return text;
  }
}
