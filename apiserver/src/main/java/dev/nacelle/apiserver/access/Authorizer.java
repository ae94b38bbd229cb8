package dev.nacelle.apiserver.access;

import dev.nacelle.api.client.Identity;
import java.util.ArrayList;
import java.util.List;

/** Judges whether somebody may do something. Called for every request by many threads at once. */
public interface Authorizer {

  Decision authorize(Attributes attributes);

  /** The rules that hold for somebody in a namespace, for {@code SelfSubjectRulesReview}. */
  Rules rulesFor(Identity identity, String namespace);

  /** Some of the verbs, on some of the resources. Names as in an RBAC rule, {@code *} for all. */
  record ResourceRule(
      List<String> verbs, List<String> groups, List<String> resources, List<String> names) {
    public ResourceRule {
      verbs = List.copyOf(verbs);
      groups = List.copyOf(groups);
      resources = List.copyOf(resources);
      names = List.copyOf(names);
    }
  }

  /** Some of the verbs, on some of the paths. */
  record PathRule(List<String> verbs, List<String> paths) {
    public PathRule {
      verbs = List.copyOf(verbs);
      paths = List.copyOf(paths);
    }
  }

  /**
   * Rules.
   *
   * @param incompleteBecause why more may be allowed than is listed; empty when the list is whole
   */
  record Rules(List<ResourceRule> resources, List<PathRule> paths, String incompleteBecause) {
    public Rules {
      resources = List.copyOf(resources);
      paths = List.copyOf(paths);
    }
  }

  /** Asks each in turn; the first that allows or denies has said it. */
  static Authorizer firstOf(List<Authorizer> inTurn) {
    List<Authorizer> all = List.copyOf(inTurn);
    return new Authorizer() {
      @Override
      public Decision authorize(Attributes attributes) {
        var reasons = new ArrayList<String>();
        for (Authorizer each : all) {
          Decision decision = each.authorize(attributes);
          if (!(decision instanceof Decision.NoOpinion)) {
            return decision;
          }
          if (!decision.reason().isEmpty()) {
            reasons.add(decision.reason());
          }
        }
        return reasons.isEmpty()
            ? Decision.NO_OPINION
            : new Decision.NoOpinion(String.join("\n", reasons));
      }

      @Override
      public Rules rulesFor(Identity identity, String namespace) {
        var resources = new ArrayList<ResourceRule>();
        var paths = new ArrayList<PathRule>();
        var gaps = new ArrayList<String>();
        for (Authorizer each : all) {
          Rules rules = each.rulesFor(identity, namespace);
          resources.addAll(rules.resources());
          paths.addAll(rules.paths());
          if (!rules.incompleteBecause().isEmpty()) {
            gaps.add(rules.incompleteBecause());
          }
        }
        return new Rules(resources, paths, String.join(", ", gaps));
      }
    };
  }
}
