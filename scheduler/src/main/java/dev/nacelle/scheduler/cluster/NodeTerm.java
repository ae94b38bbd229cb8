package dev.nacelle.scheduler.cluster;

import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A {@code NodeSelectorTerm}: all of its requirements must hold; without any, nothing matches. */
public record NodeTerm(List<Requirement> labels, List<Requirement> fields) {
  public NodeTerm {
    labels = List.copyOf(labels);
    fields = List.copyOf(fields);
  }

  /** One requirement on a label, or on the field {@code metadata.name}. */
  public record Requirement(String key, String operator, Set<String> values) {
    static Requirement of(JsonObject json) {
      return new Requirement(
          json.string("key").orElse(""),
          json.string("operator").orElse(""),
          Set.copyOf(json.array("values").strings().toList()));
    }

    boolean holds(@Nullable String value) {
      return switch (operator) {
        case "In" -> value != null && values.contains(value);
        case "NotIn" -> value == null || !values.contains(value);
        case "Exists" -> value != null;
        case "DoesNotExist" -> value == null;
        case "Gt" -> value != null && compare(value) > 0;
        case "Lt" -> value != null && compare(value) < 0;
        default -> false;
      };
    }

    private int compare(String value) {
      try {
        return Long.compare(Long.parseLong(value), Long.parseLong(values.iterator().next()));
      } catch (NumberFormatException | NoSuchElementException e) {
        return 0;
      }
    }
  }

  static NodeTerm of(JsonObject json) {
    return new NodeTerm(
        json.array("matchExpressions").objects().map(Requirement::of).toList(),
        json.array("matchFields").objects().map(Requirement::of).toList());
  }

  public boolean matches(NodeInfo node) {
    return !(labels.isEmpty() && fields.isEmpty())
        && labels.stream().allMatch(r -> r.holds(node.labels().get(r.key())))
        && fields.stream()
            .allMatch(r -> r.holds(r.key().equals("metadata.name") ? node.name() : null));
  }
}
