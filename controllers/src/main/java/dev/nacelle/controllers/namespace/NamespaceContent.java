package dev.nacelle.controllers.namespace;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.controllers.shared.Conditions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What is left in a namespace that is being deleted.
 *
 * @param remaining the objects by resource; none where there are none
 * @param failures why something could not be listed or deleted
 */
record NamespaceContent(Map<ResourceType, List<KubeObject>> remaining, List<String> failures) {
  NamespaceContent {
    remaining = Map.copyOf(remaining);
    failures = List.copyOf(failures);
  }

  boolean isEmpty() {
    return remaining.isEmpty() && failures.isEmpty();
  }

  /** The status of the namespace, with upstream's conditions. */
  JsonObject status(JsonObject before, Instant now) {
    JsonObject status = before.with("phase", Json.of("Terminating"));
    status =
        Conditions.set(
            status,
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
            now);
    status =
        Conditions.set(
            status,
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
            now);
    status =
        failures.isEmpty()
            ? Conditions.set(
                status,
                "NamespaceDeletionContentFailure",
                "False",
                "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization",
                now)
            : Conditions.set(
                status,
                "NamespaceDeletionContentFailure",
                "True",
                "ContentDeletionFailed",
                "Failed to delete all resource types, "
                    + failures.size()
                    + " remaining: "
                    + String.join(", ", failures),
                now);
    status =
        remaining.isEmpty()
            ? Conditions.set(
                status,
                "NamespaceContentRemaining",
                "False",
                "ContentRemoved",
                "All content successfully removed",
                now)
            : Conditions.set(
                status,
                "NamespaceContentRemaining",
                "True",
                "SomeResourcesRemain",
                "Some resources are remaining: " + counts(),
                now);
    String finalizers = finalizers();
    return finalizers.isEmpty()
        ? Conditions.set(
            status,
            "NamespaceFinalizersRemaining",
            "False",
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished",
            now)
        : Conditions.set(
            status,
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: " + finalizers,
            now);
  }

  private String counts() {
    return remaining.entrySet().stream()
        .map(
            e ->
                e.getKey().resource()
                    + "."
                    + e.getKey().group()
                    + " has "
                    + e.getValue().size()
                    + " resource instances")
        .sorted()
        .collect(Collectors.joining(", "));
  }

  private String finalizers() {
    Map<String, Integer> counts = new TreeMap<>();
    remaining
        .values()
        .forEach(
            objects ->
                objects.forEach(
                    o -> o.finalizers().forEach(f -> counts.merge(f, 1, Integer::sum))));
    return counts.entrySet().stream()
        .map(e -> e.getKey() + " in " + e.getValue() + " resource instances")
        .collect(Collectors.joining(", "));
  }
}
