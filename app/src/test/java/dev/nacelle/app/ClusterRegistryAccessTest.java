package dev.nacelle.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import dev.nacelle.image.distribution.RegistryAccess.Caller;
import dev.nacelle.image.distribution.RegistryAccess.Credentials;
import dev.nacelle.image.distribution.RegistryAccess.Login;
import dev.nacelle.image.distribution.RepositoryName;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ClusterRegistryAccessTest {
  private static final Set<Action> ALL = EnumSet.allOf(Action.class);
  private static final RepositoryName APP = new RepositoryName("team-a/web/app");

  private final Set<String> allowed = new TreeSet<>();
  private final ClusterRegistryAccess access =
      new ClusterRegistryAccess(new OneToken(), new ByList());

  /** Believes one token. */
  private static final class OneToken implements ClusterRegistryAccess.People {
    @Override
    public Identity byToken(String token) throws InvalidCredentialsException {
      if (!token.equals("good")) {
        throw new InvalidCredentialsException("no");
      }
      return Identity.of("ann", "devs", Identity.AUTHENTICATED);
    }

    @Override
    public Identity byCertificates(List<X509Certificate> chain) throws InvalidCredentialsException {
      throw new InvalidCredentialsException("no");
    }
  }

  /** Allows what the list has, as {@code USER VERB GROUP RESOURCE NAMESPACE NAME}. */
  private final class ByList implements Authorizer {
    @Override
    public Decision authorize(Attributes attributes) {
      var resource = (Attributes.Resource) attributes.target();
      String asked =
          String.join(
              " ",
              attributes.identity().user(),
              attributes.verb(),
              resource.group(),
              resource.subresource().isEmpty()
                  ? resource.resource()
                  : resource.resource() + "/" + resource.subresource(),
              "'" + resource.namespace() + "'",
              resource.name());
      return allowed.contains(asked) ? new Decision.Allow("") : Decision.NO_OPINION;
    }

    @Override
    public Rules rulesFor(Identity identity, String namespace) {
      return new Rules(List.of(), List.of(), "");
    }
  }

  private void allow(String user, String verb, String where) {
    allowed.add(user + " " + verb + " registry.nacelle.dev repositories " + where);
  }

  private Caller ann() {
    return access.authenticate(new Credentials.Bearer("good")).orElseThrow();
  }

  @Test
  void aTokenIsShownAsSuchOrAsAPassword() {
    assertThat(access.login()).isEqualTo(Login.ASKED);
    assertThat(ann().name()).isEqualTo("ann");
    assertThat(ann().groups()).containsExactly("devs", Identity.AUTHENTICATED);
    assertThat(access.authenticate(new Credentials.Basic("anybody", "good")))
        .isEqualTo(Optional.of(ann()));
  }

  @Test
  void wrongCredentialsAreNobodys() {
    assertThat(access.authenticate(new Credentials.Basic("ann", "bad"))).isEmpty();
    assertThat(access.authenticate(new Credentials.Bearer("bad"))).isEmpty();
    assertThat(access.authenticate(new Credentials.Certificates(List.of()))).isEmpty();
  }

  @Test
  void theFirstComponentIsTheNamespaceAndTheRestTheName() {
    allow("ann", "get", "'team-a' web/app");
    assertThat(access.allowed(ann(), APP, ALL)).containsExactly(Action.PULL);
    assertThat(access.allowed(ann(), new RepositoryName("team-b/web/app"), ALL)).isEmpty();
  }

  @Test
  void aNameOfOneComponentIsAtTheScopeOfTheCluster() {
    allow("ann", "delete", "'' app");
    assertThat(access.allowed(ann(), new RepositoryName("app"), ALL))
        .containsExactly(Action.DELETE);
  }

  @Test
  void pushingTakesTheRightsToCreateAndToUpdate() {
    allow("ann", "create", "'team-a' web/app");
    assertThat(access.allowed(ann(), APP, ALL)).isEmpty();
    allow("ann", "update", "'team-a' web/app");
    assertThat(access.allowed(ann(), APP, ALL)).containsExactly(Action.PUSH);
  }

  @Test
  void tracesAreASubresourceWhoseRightIsNoRightToPush() {
    allow("ann", "get", "'team-a' web/app");
    allowed.add("ann create registry.nacelle.dev repositories/traces 'team-a' web/app");
    assertThat(access.allowed(ann(), APP, ALL)).containsExactly(Action.PULL);
    allowed.add("ann delete registry.nacelle.dev repositories/traces 'team-a' web/app");
    assertThat(access.allowed(ann(), APP, ALL)).containsExactly(Action.PULL, Action.TRACE);
    assertThat(access.allowed(ann(), new RepositoryName("team-b/web/app"), ALL)).isEmpty();
  }

  @Test
  void onlyWhatIsWantedIsAllowed() {
    allow("ann", "get", "'team-a' web/app");
    allow("ann", "delete", "'team-a' web/app");
    assertThat(access.allowed(ann(), APP, Set.of(Action.DELETE))).containsExactly(Action.DELETE);
  }

  @Test
  void whoShowsNothingIsTheClustersAnonymous() {
    assertThat(access.allowed(Caller.ANONYMOUS, APP, ALL)).isEmpty();
    allow("system:anonymous", "get", "'team-a' web/app");
    assertThat(access.allowed(Caller.ANONYMOUS, APP, ALL)).containsExactly(Action.PULL);
  }
}
