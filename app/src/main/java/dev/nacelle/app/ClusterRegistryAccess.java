package dev.nacelle.app;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.distribution.RepositoryName;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The cluster's people in its registry: they show what they show the API, a password may be a
 * token, and may do what the API's authorizer lets them do with {@code
 * repositories.registry.nacelle.dev} and, with traces alone, its subresource {@code traces}. The
 * first component of a repository's name is its namespace, the rest the name; a name of one
 * component is at the cluster's scope. Safe for any thread.
 */
final class ClusterRegistryAccess implements RegistryAccess {
  private static final String GROUP = "registry.nacelle.dev";
  private static final String RESOURCE = "repositories";
  private static final String TRACES = "traces";

  /** Whom the API server believes. */
  interface People {
    Identity byToken(String token) throws InvalidCredentialsException;

    Identity byCertificates(List<X509Certificate> chain) throws InvalidCredentialsException;
  }

  private final People people;
  private final Authorizer authorizer;

  ClusterRegistryAccess(People people, Authorizer authorizer) {
    this.people = people;
    this.authorizer = authorizer;
  }

  @Override
  public Login login() {
    return Login.ASKED;
  }

  @Override
  public Optional<Caller> authenticate(Credentials credentials) {
    try {
      Identity identity =
          switch (credentials) {
            case Credentials.Basic basic -> people.byToken(basic.password());
            case Credentials.Bearer bearer -> people.byToken(bearer.token());
            case Credentials.Certificates shown -> people.byCertificates(shown.chain());
          };
      return Optional.of(new Caller(identity.user(), identity.groups()));
    } catch (InvalidCredentialsException e) {
      return Optional.empty();
    }
  }

  @Override
  public Set<Action> allowed(Caller caller, RepositoryName repository, Set<Action> wanted) {
    Identity identity =
        caller.isAnonymous()
            ? Identity.ANONYMOUS
            : new Identity(caller.name(), "", caller.groups(), Map.of());
    var allowed = EnumSet.noneOf(Action.class);
    for (Action action : wanted) {
      if (may(identity, action, repository)) {
        allowed.add(action);
      }
    }
    return allowed;
  }

  private boolean may(Identity identity, Action action, RepositoryName repository) {
    return switch (action) {
      case PULL -> may(identity, "get", "", repository);
      case PUSH ->
          may(identity, "create", "", repository) && may(identity, "update", "", repository);
      case DELETE -> may(identity, "delete", "", repository);
      case TRACE ->
          may(identity, "create", TRACES, repository)
              && may(identity, "delete", TRACES, repository);
    };
  }

  private boolean may(
      Identity identity, String verb, String subresource, RepositoryName repository) {
    String whole = repository.value();
    int slash = whole.indexOf('/');
    var target =
        new Attributes.Resource(
            GROUP,
            "v1",
            RESOURCE,
            subresource,
            slash < 0 ? "" : whole.substring(0, slash),
            whole.substring(slash + 1));
    return authorizer.authorize(new Attributes(identity, verb, target)) instanceof Decision.Allow;
  }
}
