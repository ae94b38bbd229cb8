package dev.nacelle.apiserver.auth.token;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Authenticator;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.apiserver.auth.token.TokenSource.Accepted;
import dev.nacelle.base.http.HttpExchange;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Believes the bearer tokens that one of its sources knows; the sources are asked in turn. */
public final class BearerAuthenticator implements Authenticator {
  private final List<TokenSource> sources;
  private final Set<String> audiences;

  /**
   * @param audiences of this API server: a token must be meant for one of them
   */
  public BearerAuthenticator(List<TokenSource> sources, Set<String> audiences) {
    this.sources = List.copyOf(sources);
    this.audiences = Set.copyOf(audiences);
  }

  @Override
  public Optional<Identity> authenticate(HttpExchange exchange) throws InvalidCredentialsException {
    Optional<String> token = BearerTokens.of(exchange);
    return token.isEmpty()
        ? Optional.empty()
        : Optional.of(verify(token.get(), audiences).identity());
  }

  /** The audiences of this API server. */
  public Set<String> audiences() {
    return audiences;
  }

  /**
   * Whose token it is.
   *
   * @throws InvalidCredentialsException if no source knows it or it does not hold
   */
  public Accepted verify(String token, Set<String> wantedAudiences)
      throws InvalidCredentialsException {
    for (TokenSource source : sources) {
      Optional<Accepted> accepted = source.check(token, wantedAudiences);
      if (accepted.isPresent()) {
        return accepted.get();
      }
    }
    throw new InvalidCredentialsException("invalid bearer token");
  }
}
