package dev.nacelle.apiserver.access;

import dev.nacelle.api.client.Identity;
import dev.nacelle.base.http.HttpExchange;
import java.util.List;
import java.util.Optional;

/**
 * Finds out who sends a request. Called for every request by many threads at once, so it keeps what
 * is costly per connection or in a bounded cache.
 */
@FunctionalInterface
public interface Authenticator {

  /**
   * Who asks.
   *
   * @return empty when the request shows no credentials of the kind that this authenticator
   *     understands; the identity has the group {@link Identity#AUTHENTICATED} already
   * @throws InvalidCredentialsException if it shows such credentials and they are not good
   */
  Optional<Identity> authenticate(HttpExchange exchange) throws InvalidCredentialsException;

  /**
   * Asks each in turn and takes the first identity. Bad credentials for one do not keep the next
   * from being asked; when none knows the request, the first refusal is thrown.
   */
  static Authenticator firstOf(List<Authenticator> inTurn) {
    List<Authenticator> all = List.copyOf(inTurn);
    return exchange -> {
      Optional<InvalidCredentialsException> refusal = Optional.empty();
      for (Authenticator each : all) {
        try {
          Optional<Identity> identity = each.authenticate(exchange);
          if (identity.isPresent()) {
            return identity;
          }
        } catch (InvalidCredentialsException e) {
          refusal = refusal.or(() -> Optional.of(e));
        }
      }
      if (refusal.isPresent()) {
        throw refusal.get();
      }
      return Optional.empty();
    };
  }
}
