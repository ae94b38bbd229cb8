package dev.nacelle.apiserver.auth.rbac;

import java.util.ArrayList;
import java.util.List;

/** Whether somebody who holds some rules holds all that other rules give. */
final class Coverage {
  private static final List<String> ANY_NAME = List.of("");

  private Coverage() {}

  /**
   * What the owned rules do not cover of those wanted, one verb of one resource each; empty when
   * they cover all.
   */
  static List<PolicyRule> missing(List<PolicyRule> owned, List<PolicyRule> wanted) {
    var missing = new ArrayList<PolicyRule>();
    for (PolicyRule rule : wanted) {
      for (PolicyRule single : singles(rule)) {
        if (owned.stream().noneMatch(own -> covers(own, single))) {
          missing.add(single);
        }
      }
    }
    return missing;
  }

  private static List<PolicyRule> singles(PolicyRule rule) {
    var result = new ArrayList<PolicyRule>();
    for (String verb : rule.verbs()) {
      for (String group : rule.groups()) {
        for (String resource : rule.resources()) {
          for (String name : rule.names().isEmpty() ? ANY_NAME : rule.names()) {
            result.add(
                new PolicyRule(
                    List.of(verb),
                    List.of(group),
                    List.of(resource),
                    name.isEmpty() ? List.of() : List.of(name),
                    List.of()));
          }
        }
      }
      for (String path : rule.paths()) {
        result.add(new PolicyRule(List.of(verb), List.of(), List.of(), List.of(), List.of(path)));
      }
    }
    return result;
  }

  private static boolean covers(PolicyRule own, PolicyRule single) {
    if (!has(own.verbs(), single.verbs().getFirst())) {
      return false;
    }
    if (!single.paths().isEmpty()) {
      return own.paths().stream().anyMatch(p -> coversPath(p, single.paths().getFirst()));
    }
    return has(own.groups(), single.groups().getFirst())
        && coversResource(own.resources(), single.resources().getFirst())
        && (own.names().isEmpty()
            || (!single.names().isEmpty() && own.names().contains(single.names().getFirst())));
  }

  private static boolean has(List<String> owned, String wanted) {
    return owned.contains("*") || owned.contains(wanted);
  }

  private static boolean coversResource(List<String> owned, String wanted) {
    if (has(owned, wanted)) {
      return true;
    }
    int slash = wanted.indexOf('/');
    return slash >= 0 && owned.contains("*" + wanted.substring(slash));
  }

  private static boolean coversPath(String owned, String wanted) {
    return owned.equals(wanted)
        || (owned.endsWith("*") && wanted.startsWith(owned.substring(0, owned.length() - 1)));
  }
}
