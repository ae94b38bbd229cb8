package dev.nacelle.api.kinds.authentication;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.kinds.shared.Kind;
import java.util.List;

/** The kinds of group {@code authentication.k8s.io}: questions that are answered, not stored. */
public final class AuthenticationKinds {
  public static final List<ResourceDefinition> ALL =
      List.of(
          review("SelfSubjectReview", "selfsubjectreviews"), review("TokenReview", "tokenreviews"));

  private AuthenticationKinds() {}

  private static ResourceDefinition review(String kind, String plural) {
    return Kind.of("io.k8s.api.authentication.v1." + kind, "authentication.k8s.io/v1", kind, plural)
        .clusterScoped()
        .verbs("create")
        .build();
  }
}
