package dev.nacelle.api.patch;

import java.util.ArrayList;
import java.util.List;

/**
 * A JSON pointer, RFC 6901.
 *
 * @param text as the patch wrote it
 * @param parents the steps to the container of the last one
 * @param rooted whether it begins with a slash; one that does not names nothing, or if empty the
 *     root
 */
record Pointer(String text, List<String> parents, String last, boolean rooted) {
  /** As deep as documents may be. */
  static final int MAX_STEPS = 500;

  static Pointer parse(String text) {
    var steps = new ArrayList<String>();
    int slash = text.indexOf('/');
    while (slash >= 0) {
      int next = text.indexOf('/', slash + 1);
      String step = next < 0 ? text.substring(slash + 1) : text.substring(slash + 1, next);
      steps.add(step.replace("~1", "/").replace("~0", "~"));
      if (steps.size() > MAX_STEPS) {
        throw Refusals.tooLarge("a path in a JSON patch has more than " + MAX_STEPS + " steps");
      }
      slash = next;
    }
    String last = steps.isEmpty() ? "" : steps.removeLast();
    return new Pointer(text, List.copyOf(steps), last, text.contains("/"));
  }

  boolean isRoot() {
    return text.isEmpty();
  }

  int depth() {
    return parents.size() + 1;
  }
}
