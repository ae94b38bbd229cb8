package dev.nacelle.api.apply;

import dev.nacelle.api.client.WriteOptions.Force;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Server-side apply as structured-merge-diff defines it. Pure. */
public final class ServerSideApply {
  private static final String BEFORE_FIRST_APPLY = "before-first-apply";
  private static final String KUBECTL = "kubectl";

  /** What the system writes, whatever a configuration says. */
  private static final FieldSet SYSTEM_FIELDS =
      FieldSet.ofFields(
          Stream.of(
                  "creationTimestamp",
                  "deletionTimestamp",
                  "deletionGracePeriodSeconds",
                  "generation",
                  "resourceVersion",
                  "selfLink")
              .map(name -> List.of("metadata", name))
              .toList());

  private ServerSideApply() {}

  /** What came of it. */
  public sealed interface Result {}

  /**
   * The merged object, its managed fields set; the live object itself if nothing changed. What
   * defaults and admission add afterwards is owned by nobody: keep the managed fields as they are
   * here.
   */
  public record Applied(KubeObject object) implements Result {}

  /** Others own what the configuration would change. Never empty. */
  public record Conflicts(List<Conflict> conflicts) implements Result {
    public Conflicts {
      conflicts = List.copyOf(conflicts);
    }

    /** The 409 that upstream answers. */
    public ApiException toException() {
      return ConflictStatus.of(conflicts);
    }
  }

  /**
   * A field of another manager.
   *
   * @param manager as messages name it: {@code "kubectl" using apps/v1}
   * @param path as messages name it: {@code .spec.replicas}
   */
  public record Conflict(String manager, String path) {}

  /**
   * Applies a configuration.
   *
   * @param live the object in the version of the applier; empty if it does not exist yet
   * @param configuration what the applier states, in the version of the applier whose {@code
   *     resourceVersion} is a precondition that the caller checks
   * @throws ApiException with code 400 if the configuration does not fit the schema
   */
  public static Result apply(
      FieldWriter applier,
      Optional<KubeObject> live,
      KubeObject configuration,
      Versions versions,
      Force force) {
    Schema schema =
        versions
            .schema(applier.apiVersion())
            .orElseThrow(
                () ->
                    ApiException.badRequest(
                        "no kind is served in version " + applier.apiVersion()));
    if (configuration.metadata().has("managedFields")) {
      throw ApiException.badRequest("metadata.managedFields must be nil");
    }
    if (!configuration.apiVersion().equals(applier.apiVersion())) {
      throw ApiException.badRequest(
          "Incorrect version specified in apply patch. Specified patch version: %s, expected: %s"
              .formatted(configuration.apiVersion(), applier.apiVersion()));
    }
    ConfigurationCheck.check(configuration, schema);
    var attempt = new Attempt(applier, live, configuration, versions, schema);
    Result result = attempt.run(force);
    return result instanceof Conflicts conflicts && applier.manager().equals(KUBECTL)
        ? attempt.takeOverFromClientSideApply(conflicts)
        : result;
  }

  /** One apply: what it starts from, and its steps. */
  private record Attempt(
      FieldWriter applier,
      Optional<KubeObject> live,
      KubeObject configuration,
      Versions versions,
      Schema schema) {

    Result run(Force force) {
      Owner.Id id = Owner.Id.applier(applier);
      KubeObject before = live.map(ManagedFields::bare).orElse(new KubeObject(JsonObject.EMPTY));
      Owners owners = startingOwners(before);
      Optional<Owner> previous = owners.find(id);
      JsonObject writable = writable();
      FieldSet stated = Ownership.of(writable, Optional.of(schema));
      var own = new Owner(id, applier.apiVersion(), stated, previous.flatMap(Owner::time));
      Owners next = owners.with(own);
      JsonObject merged = Merging.merge(before.json(), writable, Optional.of(schema));
      JsonObject pruned =
          previous.isEmpty()
              ? merged
              : new Pruning(versions, next).prune(merged, previous.get(), own);
      JsonObject after = Merging.withoutNulls(pruned, Optional.of(schema));
      var update = new OwnershipUpdate(before.json(), after, versions);
      List<Conflict> conflicts = conflicts(update.conflicts(next, id));
      if (force == Force.NO && !conflicts.isEmpty()) {
        return new Conflicts(conflicts);
      }
      Owners afterwards =
          update.afterChangeBy(next, id).with(own.with(OwnershipUpdate.ownable(stated)));
      return applied(new KubeObject(after), afterwards, id);
    }

    /** The configuration without what this write never changes. */
    private JsonObject writable() {
      FieldSet fixed = SYSTEM_FIELDS.union(FieldSet.ofFields(versions.resetFields()));
      return Removal.remove(configuration.json(), fixed, Optional.empty());
    }

    private Applied applied(KubeObject after, Owners next, Owner.Id id) {
      KubeObject annotated = withLastApplied(after);
      boolean unchanged =
          live.isPresent()
              && ManagedFields.sameContent(live.get(), annotated)
              && next.sameButTimes(Owners.of(live.get()));
      if (unchanged) {
        return new Applied(live.get());
      }
      Owners timed = next.find(id).map(own -> next.with(own.at(applier.time()))).orElse(next);
      return new Applied(timed.putInto(annotated));
    }

    /** What an object without owners has was there before the first apply. */
    private Owners startingOwners(KubeObject before) {
      Owners owners = live.map(Owners::of).orElse(Owners.NONE);
      if (!owners.isEmpty() || live.isEmpty()) {
        return OwnershipUpdate.fitted(owners, versions);
      }
      var nobody = new FieldWriter(BEFORE_FIRST_APPLY, applier.apiVersion(), "", applier.time());
      return ManagedFields.changedBy(
          Owner.Id.updater(nobody), nobody, JsonObject.EMPTY, before.json(), versions, owners);
    }

    private static List<Conflict> conflicts(List<Owner> owners) {
      var result = new ArrayList<Conflict>();
      for (Owner owner : owners) {
        owner.fields().paths().forEach(p -> result.add(new Conflict(owner.id().toString(), p)));
      }
      return result;
    }

    /** kubectl may take over what kubectl itself applied on the client's side. */
    Result takeOverFromClientSideApply(Conflicts conflicts) {
      List<String> allowed =
          live.map(l -> LastApplied.unchangedFields(l, schema).paths()).orElse(List.of());
      List<Conflict> others =
          conflicts.conflicts().stream().filter(c -> !allowed.contains(c.path())).toList();
      return others.isEmpty() ? run(Force.YES) : new Conflicts(others);
    }

    private KubeObject withLastApplied(KubeObject after) {
      return applier.manager().equals(KUBECTL) && LastApplied.isIn(after)
          ? LastApplied.replaced(after, configuration)
          : after;
    }
  }
}
