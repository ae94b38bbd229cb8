package dev.nacelle.api.object;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;

/** An entry of {@code metadata.ownerReferences}. */
public record OwnerReference(
    String apiVersion,
    String kind,
    String name,
    String uid,
    Controller controller,
    Deletion deletion) {

  /** Whether this owner is the one that manages the object. */
  public enum Controller {
    YES,
    NO
  }

  /** Whether foreground deletion of the owner waits for the object. */
  public enum Deletion {
    BLOCKS_OWNER,
    FREE
  }

  public static OwnerReference of(JsonObject json) {
    return new OwnerReference(
        json.string("apiVersion").orElse(""),
        json.string("kind").orElse(""),
        json.string("name").orElse(""),
        json.string("uid").orElse(""),
        json.bool("controller").orElse(false) ? Controller.YES : Controller.NO,
        json.bool("blockOwnerDeletion").orElse(false) ? Deletion.BLOCKS_OWNER : Deletion.FREE);
  }

  /** A reference that makes {@code owner} the managing owner and blocks its foreground deletion. */
  public static OwnerReference controllerOf(KubeObject owner) {
    return new OwnerReference(
        owner.apiVersion(),
        owner.kind(),
        owner.name(),
        owner.uid(),
        Controller.YES,
        Deletion.BLOCKS_OWNER);
  }

  public boolean isController() {
    return controller == Controller.YES;
  }

  public boolean blocksOwnerDeletion() {
    return deletion == Deletion.BLOCKS_OWNER;
  }

  public JsonObject toJson() {
    var builder =
        JsonObject.builder()
            .put("apiVersion", apiVersion)
            .put("kind", kind)
            .put("name", name)
            .put("uid", uid);
    if (isController()) {
      builder.put("controller", Json.of(true));
    }
    if (blocksOwnerDeletion()) {
      builder.put("blockOwnerDeletion", Json.of(true));
    }
    return builder.build();
  }
}
