package dev.nacelle.apiserver.http;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A path of a resource: {@code /api/v1/namespaces/NS/pods/NAME/log}.
 *
 * @param namespace empty for cluster-scoped resources and all namespaces
 * @param name empty for a collection
 * @param subresource empty for the object itself
 * @param rest what follows the subresource
 * @param isWatch whether the path has the old prefix {@code watch}
 */
record ResourcePath(
    String group,
    String version,
    String namespace,
    String resource,
    String name,
    String subresource,
    List<String> rest,
    boolean isWatch) {
  private static final Set<String> OF_NAMESPACES = Set.of("status", "finalize");

  /** Empty if the path is not one of a resource. */
  static Optional<ResourcePath> parse(String path) {
    String[] parts = path.split("/", -1);
    int end = parts.length;
    while (end > 0 && parts[end - 1].isEmpty()) {
      end--;
    }
    String group;
    int at;
    if (end > 3 && parts[1].equals("api")) {
      group = "";
      at = 2;
    } else if (end > 4 && parts[1].equals("apis")) {
      group = parts[2];
      at = 3;
    } else {
      return Optional.empty();
    }
    List<String> steps = List.of(parts).subList(at + 1, end);
    boolean watch = steps.size() > 1 && steps.getFirst().equals("watch");
    ResourcePath found =
        of(group, parts[at], watch ? steps.subList(1, steps.size()) : steps, watch);
    // what follows a proxy is another server's path
    boolean restIsOurs = !found.subresource().equals("proxy");
    return steps.subList(0, steps.size() - (restIsOurs ? 0 : found.rest().size())).stream()
            .anyMatch(String::isEmpty)
        ? Optional.empty()
        : Optional.of(found);
  }

  private static ResourcePath of(
      String group, String version, List<String> steps, boolean isWatch) {
    String namespace = "";
    List<String> own = steps;
    if (steps.getFirst().equals("namespaces") && steps.size() > 1) {
      boolean inNamespace = steps.size() > 2 && !OF_NAMESPACES.contains(steps.get(2));
      if (inNamespace) {
        namespace = steps.get(1);
        own = steps.subList(2, steps.size());
      }
    }
    return new ResourcePath(
        group,
        version,
        namespace,
        own.getFirst(),
        own.size() > 1 ? own.get(1) : "",
        own.size() > 2 ? own.get(2) : "",
        own.size() > 3 ? List.copyOf(own.subList(3, own.size())) : List.of(),
        isWatch);
  }
}
