package dev.nacelle.controllers.shared;

import dev.nacelle.api.client.Patch;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.OwnerReference;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which objects an owner controls: those it has that match its selector, those without a controller
 * that match (adopted), without those that no longer match (released).
 */
public record Claims(List<KubeObject> held, List<KubeObject> adopt, List<KubeObject> release) {
  public Claims {
    held = List.copyOf(held);
    adopt = List.copyOf(adopt);
    release = List.copyOf(release);
  }

  /** The claims of an owner on candidates; pure. */
  public static Claims of(KubeObject owner, LabelSelector selector, List<KubeObject> candidates) {
    var held = new ArrayList<KubeObject>();
    var adopt = new ArrayList<KubeObject>();
    var release = new ArrayList<KubeObject>();
    for (KubeObject candidate : candidates) {
      if (!candidate.namespace().equals(owner.namespace())) {
        continue;
      }
      boolean matches = selector.matches(candidate.labels());
      Optional<OwnerReference> controller = candidate.controller();
      if (controller.isEmpty()) {
        if (matches && !owner.isBeingDeleted() && !candidate.isBeingDeleted()) {
          adopt.add(candidate);
        }
      } else if (controller.get().uid().equals(owner.uid())) {
        if (matches) {
          held.add(candidate);
        } else if (!owner.isBeingDeleted()) {
          release.add(candidate);
        }
      }
    }
    return new Claims(held, adopt, release);
  }

  /**
   * Adopts and releases; a lost race is left to the next reconciliation.
   *
   * @return all that the owner controls now
   */
  public List<KubeObject> apply(
      ControllerContext context, OwnerKind kind, KubeObject owner, ResourceType type) {
    var result = new ArrayList<>(held);
    if (!adopt.isEmpty() && stillThere(context, kind, owner)) {
      for (KubeObject orphan : adopt) {
        adopt(context, kind, owner, type, orphan).ifPresent(result::add);
      }
    }
    for (KubeObject released : release) {
      release(context, owner, type, released);
    }
    return result;
  }

  /** Adoption needs a live look: the cache may not know yet that the owner is gone. */
  private static boolean stillThere(ControllerContext context, OwnerKind kind, KubeObject owner) {
    return context
        .client()
        .find(kind.type(), owner.key())
        .filter(o -> o.uid().equals(owner.uid()) && !o.isBeingDeleted())
        .isPresent();
  }

  private static Optional<KubeObject> adopt(
      ControllerContext context,
      OwnerKind kind,
      KubeObject owner,
      ResourceType type,
      KubeObject orphan) {
    var owners = orphan.json().array("metadata", "ownerReferences");
    return patchOwners(context, type, orphan, owners.plus(kind.reference(owner).toJson()));
  }

  private static void release(
      ControllerContext context, KubeObject owner, ResourceType type, KubeObject released) {
    var others =
        released
            .json()
            .array("metadata", "ownerReferences")
            .objects()
            .filter(o -> !o.string("uid").orElse("").equals(owner.uid()))
            .map(Json.class::cast)
            .toList();
    patchOwners(context, type, released, new JsonArray(others));
  }

  private static Optional<KubeObject> patchOwners(
      ControllerContext context, ResourceType type, KubeObject object, JsonArray owners) {
    JsonObject metadata =
        JsonObject.builder()
            .put("uid", object.uid())
            .put("resourceVersion", object.resourceVersion())
            .put("ownerReferences", owners)
            .build();
    try {
      return Optional.of(
          context
              .client()
              .patch(
                  type,
                  object.key(),
                  Patch.merge(JsonObject.builder().put("metadata", metadata).build()),
                  context.write()));
    } catch (ApiException e) {
      if (e.isNotFound() || e.isConflict() || e.code() == 422) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
