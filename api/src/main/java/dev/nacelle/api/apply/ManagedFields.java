package dev.nacelle.api.apply;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.Optional;

/** Keeps {@code metadata.managedFields} through creates, updates and plain patches. Pure. */
public final class ManagedFields {
  private ManagedFields() {}

  /**
   * The written object with its managed fields: the writer owns what it changed, others lose it.
   * Where nothing but times would change, the old entries stay as they are. Managed fields that the
   * written object has itself are taken over, unless it is a subresource that is written; a list of
   * one empty entry resets them.
   *
   * @param live the object before the write, in the version of the writer; empty on a create
   * @param written the object as it will be stored, in the version of the writer, after defaults
   *     and admission
   */
  public static KubeObject afterWrite(
      FieldWriter writer, Optional<KubeObject> live, KubeObject written, Versions versions) {
    JsonArray stated = written.metadata().array("managedFields");
    boolean mayState = writer.subresource().isEmpty();
    if (mayState && stated.equals(JsonArray.of(JsonObject.EMPTY))) {
      return written.withoutMetadata("managedFields");
    }
    Owners old = live.map(Owners::of).orElse(Owners.NONE);
    Owners owners = mayState && !stated.isEmpty() ? Owners.parse(stated).orElse(old) : old;
    KubeObject bare = written.withoutMetadata("managedFields");
    if (owners.isEmpty() && live.isPresent()) {
      return bare;
    }
    Owners next = update(writer, live, bare, versions, owners);
    boolean unchanged = live.isPresent() && sameContent(live.get(), bare);
    return (unchanged && next.sameButTimes(old) ? old : next).putInto(bare);
  }

  private static Owners update(
      FieldWriter writer,
      Optional<KubeObject> live,
      KubeObject written,
      Versions versions,
      Owners owners) {
    JsonObject before = live.map(l -> bare(l).json()).orElse(JsonObject.EMPTY);
    return changedBy(
            Owner.Id.updater(writer),
            writer,
            before,
            written.json(),
            versions,
            OwnershipUpdate.fitted(owners, versions))
        .capped();
  }

  /** The owners after a plain write: the writer adds what it changed to what it owned. */
  static Owners changedBy(
      Owner.Id id,
      FieldWriter writer,
      JsonObject before,
      JsonObject after,
      Versions versions,
      Owners owners) {
    var update = new OwnershipUpdate(before, after, versions);
    Comparison change = update.comparison(writer.apiVersion());
    FieldSet changed = OwnershipUpdate.ownable(change.modified().union(change.added()));
    Optional<Owner> previous = owners.find(id);
    FieldSet kept = previous.map(Owner::fields).orElse(FieldSet.EMPTY).difference(change.removed());
    var own =
        new Owner(
            id,
            writer.apiVersion(),
            kept.union(changed),
            changed.isEmpty() ? previous.flatMap(Owner::time) : Optional.of(writer.time()));
    return update.afterChangeBy(owners, id).with(own);
  }

  static KubeObject bare(KubeObject object) {
    return object.withoutMetadata("managedFields");
  }

  /** Whether nothing but managed fields and the revision differs. */
  static boolean sameContent(KubeObject one, KubeObject other) {
    return bare(one)
        .withoutMetadata("resourceVersion")
        .equals(bare(other).withoutMetadata("resourceVersion"));
  }
}
