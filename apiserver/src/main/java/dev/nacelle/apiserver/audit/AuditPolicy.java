package dev.nacelle.apiserver.audit;

import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.audit.AuditScope.ManagedFields;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which requests are written down: the first rule that matches says it, nothing if none does. */
record AuditPolicy(List<AuditRule> rules, Set<AuditStage> omitted, ManagedFields managedFields) {
  AuditPolicy {
    rules = List.copyOf(rules);
    omitted = Set.copyOf(omitted);
  }

  AuditScope scopeOf(Attributes asked) {
    for (AuditRule rule : rules) {
      if (rule.matches(asked)) {
        var stages = new HashSet<>(omitted);
        stages.addAll(rule.omitted());
        return new AuditScope(rule.level(), stages, rule.managedFields().orElse(managedFields));
      }
    }
    return AuditScope.NOTHING;
  }
}
