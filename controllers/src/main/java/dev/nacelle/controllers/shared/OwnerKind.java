package dev.nacelle.controllers.shared;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.OwnerReference;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.json.Json;
import java.util.Optional;

/**
 * A kind whose objects own others. Items of a list need not say their own kind, so references are
 * made from this, never from the object.
 */
public record OwnerKind(String kind, ResourceType type) {
  public static final OwnerKind DEPLOYMENT = new OwnerKind("Deployment", Resources.DEPLOYMENTS);
  public static final OwnerKind REPLICA_SET = new OwnerKind("ReplicaSet", Resources.REPLICA_SETS);
  public static final OwnerKind NGROUP = new OwnerKind("NGroup", Resources.NGROUPS);
  public static final OwnerKind PROFILE =
      new OwnerKind("ContainerGroupProfile", Resources.CONTAINER_GROUP_PROFILES);
  public static final OwnerKind SERVICE = new OwnerKind("Service", Resources.SERVICES);
  public static final OwnerKind NODE = new OwnerKind("Node", Resources.NODES);

  /** A reference that makes the owner the controller of its object. */
  public OwnerReference reference(KubeObject owner) {
    return new OwnerReference(
        type.apiVersion(),
        kind,
        owner.name(),
        owner.uid(),
        OwnerReference.Controller.YES,
        OwnerReference.Deletion.BLOCKS_OWNER);
  }

  /** The owner's key, if an owner of this kind controls the object. */
  public Optional<ObjectKey> controllerOf(KubeObject object) {
    return object
        .controller()
        .filter(o -> o.kind().equals(kind) && groupOf(o.apiVersion()).equals(type.group()))
        .map(o -> new ObjectKey(object.namespace(), o.name()));
  }

  /** The object with its apiVersion and kind, whether or not it had them. */
  public KubeObject typed(KubeObject object) {
    return object.kind().equals(kind)
        ? object
        : new KubeObject(
            object
                .json()
                .with("apiVersion", Json.of(type.apiVersion()))
                .with("kind", Json.of(kind)));
  }

  private static String groupOf(String apiVersion) {
    int slash = apiVersion.indexOf('/');
    return slash < 0 ? "" : apiVersion.substring(0, slash);
  }
}
