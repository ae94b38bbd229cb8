package dev.nacelle.api.kinds.authorization;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Kind;
import java.util.List;

/** The kinds of group {@code authorization.k8s.io}: questions that are answered, not stored. */
public final class AuthorizationKinds {
  public static final List<ResourceDefinition> ALL =
      List.of(
          review("LocalSubjectAccessReview", "localsubjectaccessreviews").build(),
          review("SelfSubjectAccessReview", "selfsubjectaccessreviews").clusterScoped().build(),
          review("SelfSubjectRulesReview", "selfsubjectrulesreviews").clusterScoped().build(),
          review("SubjectAccessReview", "subjectaccessreviews").clusterScoped().build());

  private AuthorizationKinds() {}

  private static Kind review(String kind, String plural) {
    return Kind.of("io.k8s.api.authorization.v1." + kind, "authorization.k8s.io/v1", kind, plural)
        .verbs("create");
  }
}
