package dev.nacelle.apiserver.auth.token;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One kind of bearer token. Safe for any thread. */
public interface TokenSource {

  /** Whose token it is, and which of the audiences asked for it is meant for. */
  record Accepted(Identity identity, List<String> audiences) {
    public Accepted {
      audiences = List.copyOf(audiences);
    }
  }

  /**
   * Looks at a token.
   *
   * @param audiences one of which must be meant by it
   * @return empty when the token is not of this kind
   * @throws InvalidCredentialsException if it is, and does not hold
   */
  Optional<Accepted> check(String token, Set<String> audiences) throws InvalidCredentialsException;
}
