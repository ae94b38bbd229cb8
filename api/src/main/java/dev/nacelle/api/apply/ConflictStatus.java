package dev.nacelle.api.apply;

import dev.nacelle.api.apply.ServerSideApply.Conflict;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The 409 of an apply, worded as upstream's. */
final class ConflictStatus {
  private ConflictStatus() {}

  static ApiException of(List<Conflict> conflicts) {
    List<Status.Cause> causes =
        conflicts.stream()
            .map(
                c ->
                    new Status.Cause(
                        "FieldManagerConflict", "conflict with " + c.manager(), c.path()))
            .toList();
    return new ApiException(
        new Status(
            409,
            "Conflict",
            message(conflicts),
            new Status.Details("", "", "", "", causes, OptionalInt.empty())));
  }

  private static String message(List<Conflict> conflicts) {
    if (conflicts.size() == 1) {
      Conflict only = conflicts.getFirst();
      return "Apply failed with 1 conflict: conflict with " + only.manager() + ": " + only.path();
    }
    var byManager = new TreeMap<String, Set<String>>();
    for (Conflict conflict : conflicts) {
      byManager
          .computeIfAbsent(conflict.manager(), m -> new LinkedHashSet<>())
          .add(conflict.path());
    }
    String list =
        byManager.entrySet().stream()
            .map(
                e ->
                    "conflicts with "
                        + e.getKey()
                        + ":\n"
                        + e.getValue().stream()
                            .map(p -> "- " + p)
                            .collect(Collectors.joining("\n")))
            .collect(Collectors.joining("\n"));
    return "Apply failed with " + conflicts.size() + " conflicts: " + list;
  }
}
