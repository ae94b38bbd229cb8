package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.Edit;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;

/** Defaults of volumes. Pure. */
final class VolumeDefaults {
  private static final Json MODE = Json.of(0644);

  private VolumeDefaults() {}

  static JsonObject volume(JsonObject volume) {
    boolean sourceless = volume.members().keySet().stream().allMatch("name"::equals);
    if (sourceless) {
      return volume.with("emptyDir", JsonObject.EMPTY);
    }
    return Edit.of(volume)
        .in("emptyDir", VolumeDefaults::emptyDir)
        .in("secret", VolumeDefaults::moded)
        .in("configMap", VolumeDefaults::moded)
        .in("downwardAPI", source -> moded(items(source)))
        .in("projected", source -> moded(projected(source)))
        .in("hostPath", source -> Edit.of(source).absent("type", Json.of("")).done())
        .in("iscsi", source -> Edit.of(source).text("iscsiInterface", "default").done())
        .in("image", VolumeDefaults::image)
        .in("ephemeral", VolumeDefaults::ephemeral)
        .done();
  }

  private static JsonObject emptyDir(JsonObject source) {
    Edit edit = Edit.of(source);
    source
        .get("sizeLimit")
        .flatMap(Quantity::read)
        .ifPresent(limit -> edit.set("sizeLimit", Json.of(limit.toString())));
    return edit.done();
  }

  private static JsonObject moded(JsonObject source) {
    return Edit.of(source).absent("defaultMode", MODE).done();
  }

  private static JsonObject items(JsonObject downward) {
    return Edit.of(downward)
        .each(
            "items",
            item ->
                Edit.of(item)
                    .in("fieldRef", ContainerDefaults::fieldReference)
                    .in("resourceFieldRef", ContainerDefaults::resourceReference)
                    .done())
        .done();
  }

  private static JsonObject projected(JsonObject projected) {
    return Edit.of(projected)
        .each(
            "sources",
            source ->
                Edit.of(source)
                    .in("downwardAPI", VolumeDefaults::items)
                    .in(
                        "serviceAccountToken",
                        token -> Edit.of(token).absent("expirationSeconds", Json.of(3600)).done())
                    .done())
        .done();
  }

  private static JsonObject image(JsonObject image) {
    String policy = ContainerDefaults.pullPolicy(image.string("reference").orElse(""));
    return Edit.of(image).text("pullPolicy", policy).done();
  }

  private static JsonObject ephemeral(JsonObject source) {
    return Edit.of(source)
        .in(
            "volumeClaimTemplate",
            template ->
                Edit.of(template)
                    .in(
                        "spec",
                        spec -> Edit.of(spec).absent("volumeMode", Json.of("Filesystem")).done())
                    .done())
        .done();
  }
}
