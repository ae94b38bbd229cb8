package dev.nacelle.controllers.shared;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;

/** Pods made from a {@code PodTemplateSpec}. */
public final class TemplatePods {
  private static final int MAX_PREFIX = 63 - 5;

  private TemplatePods() {}

  /** A pod with a generated name that begins with {@code prefix}, controlled by the owner. */
  public static KubeObject generated(
      JsonObject template, String prefix, OwnerKind kind, KubeObject owner) {
    return pod(template, "generateName", cut(prefix + "-"), kind, owner);
  }

  /** A pod with this name, controlled by the owner. */
  public static KubeObject named(
      JsonObject template, String name, OwnerKind kind, KubeObject owner) {
    return pod(template, "name", name, kind, owner);
  }

  private static KubeObject pod(
      JsonObject template, String nameField, String name, OwnerKind kind, KubeObject owner) {
    var metadata = JsonObject.builder().put(nameField, name).put("namespace", owner.namespace());
    for (String copied : new String[] {"labels", "annotations", "finalizers"}) {
      metadata.putIf(copied, template.find("metadata", copied));
    }
    metadata.put("ownerReferences", JsonArray.of(kind.reference(owner).toJson()));
    return new KubeObject(
        JsonObject.builder()
            .put("apiVersion", "v1")
            .put("kind", "Pod")
            .put("metadata", metadata.build())
            .put("spec", template.object("spec"))
            .build());
  }

  private static String cut(String prefix) {
    return prefix.length() > MAX_PREFIX ? prefix.substring(0, MAX_PREFIX) : prefix;
  }
}
