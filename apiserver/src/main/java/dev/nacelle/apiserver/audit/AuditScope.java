package dev.nacelle.apiserver.audit;

import java.util.Set;

/** What the policy wants of one request: how much, at which stages not, with which fields. */
record AuditScope(AuditLevel level, Set<AuditStage> omitted, ManagedFields managedFields) {
  static final AuditScope NOTHING = new AuditScope(AuditLevel.NONE, Set.of(), ManagedFields.KEPT);

  AuditScope {
    omitted = Set.copyOf(omitted);
  }

  /** Whether objects are written with their managed fields. */
  enum ManagedFields {
    KEPT,
    OMITTED
  }
}
