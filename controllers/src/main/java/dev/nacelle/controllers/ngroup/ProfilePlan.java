package dev.nacelle.controllers.ngroup;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Conditions;
import dev.nacelle.controllers.shared.OwnerKind;
import dev.nacelle.controllers.shared.TemplateHash;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The revisions of a profile: each template is one ControllerRevision, whose number never changes;
 * a template that comes back is its old revision again.
 */
record ProfilePlan(Optional<KubeObject> create, List<KubeObject> delete, JsonObject status) {
  /** Old revisions beyond these go, unless a group asks for them by number. */
  static final int KEPT = 100;

  ProfilePlan {
    delete = List.copyOf(delete);
  }

  /**
   * @param inUse revision numbers that NGroups ask for
   */
  static ProfilePlan of(
      KubeObject profile, List<KubeObject> revisions, Set<Long> inUse, Instant now) {
    Optional<KubeObject> present = current(profile, revisions);
    if (present.isEmpty()) {
      long next = revisions.stream().mapToLong(ProfilePlan::number).max().orElse(0) + 1;
      return new ProfilePlan(
          Optional.of(revision(profile, next)), List.of(), status(profile, next, now));
    }
    long current = number(present.get());
    List<KubeObject> surplus =
        revisions.stream()
            .sorted(Comparator.comparingLong(ProfilePlan::number))
            .limit(Math.max(0, revisions.size() - KEPT))
            .filter(r -> number(r) != current && !inUse.contains(number(r)))
            .toList();
    return new ProfilePlan(Optional.empty(), surplus, status(profile, current, now));
  }

  /** The revision of the present template. */
  static Optional<KubeObject> current(KubeObject profile, List<KubeObject> revisions) {
    JsonObject template = profile.spec().object("template");
    return revisions.stream()
        .filter(r -> TemplateHash.sameTemplate(template(r), template))
        .max(Comparator.comparingLong(ProfilePlan::number));
  }

  static long number(KubeObject revision) {
    return revision.json().integer("revision").orElse(0);
  }

  static JsonObject template(KubeObject revision) {
    return revision.json().object("data");
  }

  private static KubeObject revision(KubeObject profile, long number) {
    JsonObject template = profile.spec().object("template");
    String name = profile.name() + "-" + TemplateHash.ofOwned(template, profile.uid());
    return new KubeObject(
        JsonObject.builder()
            .put("apiVersion", "apps/v1")
            .put("kind", "ControllerRevision")
            .put(
                "metadata",
                JsonObject.builder()
                    .put("name", name)
                    .put("namespace", profile.namespace())
                    .putStrings("labels", Map.of(GroupLabels.PROFILE, profile.name()))
                    .put(
                        "ownerReferences",
                        JsonArray.of(OwnerKind.PROFILE.reference(profile).toJson()))
                    .build())
            .put("revision", number)
            .put("data", template)
            .build());
  }

  private static JsonObject status(KubeObject profile, long revision, Instant now) {
    JsonObject counted =
        profile.status().toBuilder()
            .put("observedGeneration", profile.generation())
            .put("revision", revision)
            .build();
    return Conditions.setObserved(
        counted,
        "Ready",
        "True",
        "RevisionRecorded",
        "the template is revision " + revision,
        profile.generation(),
        now);
  }
}
