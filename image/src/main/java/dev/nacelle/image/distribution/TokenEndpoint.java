package dev.nacelle.image.distribution;

import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Gives tokens for credentials, by Docker's token authentication specification. Grants of what was
 * asked as much as is allowed; wrong credentials get 401, none a token for anonymous pulls.
 */
final class TokenEndpoint {
  private static final int MOST_SCOPES = 100;

  private final Gate gate;
  private final RegistryTokens tokens;
  private final Clock clock;

  TokenEndpoint(Gate gate, RegistryTokens tokens, Clock clock) {
    this.gate = gate;
    this.tokens = tokens;
    this.clock = clock;
  }

  void handle(HttpExchange exchange) throws IOException, InterruptedException {
    if (!exchange.method().equals("GET")) {
      throw Answers.notAllowed(exchange, "GET");
    }
    Gate.Visitor visitor = gate.visitor(exchange);
    if (visitor.token().isPresent()) {
      throw new RegistryException(
          ErrorCode.DENIED, "a token cannot be had for a token; show the credentials again");
    }
    var grants = new TreeMap<String, Set<Action>>();
    for (String scope : scopes(exchange)) {
      grant(visitor, scope, grants);
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    String token = tokens.issue(new RegistryTokens.Token(visitor.caller(), grants), now);
    Answers.json(
        exchange,
        200,
        Answers.headers().add("cache-control", "no-store").build(),
        JsonObject.builder()
            .put("token", token)
            .put("access_token", token)
            .put("expires_in", RegistryTokens.LIFE.toSeconds())
            .put("issued_at", now.toString())
            .build());
  }

  private static List<String> scopes(HttpExchange exchange) throws RegistryException {
    List<String> scopes =
        exchange.query().all("scope").stream()
            .flatMap(text -> Arrays.stream(text.split(" ")))
            .filter(text -> !text.isEmpty())
            .toList();
    if (scopes.size() > MOST_SCOPES) {
      throw new RegistryException(
          ErrorCode.DENIED, "a token may have %d scopes at most".formatted(MOST_SCOPES));
    }
    return scopes;
  }

  /** A scope is {@code repository:NAME:ACTION,...}; what is unknown is not granted. */
  private void grant(Gate.Visitor visitor, String scope, TreeMap<String, Set<Action>> grants)
      throws IOException, InterruptedException {
    int first = scope.indexOf(':');
    int last = scope.lastIndexOf(':');
    if (first == last || !scope.substring(0, first).equals("repository")) {
      return;
    }
    Optional<RepositoryName> repository = RepositoryName.parse(scope.substring(first + 1, last));
    if (repository.isEmpty()) {
      return;
    }
    Set<Action> wanted =
        RegistryTokens.actions(Arrays.asList(scope.substring(last + 1).split(",", -1)));
    if (wanted.contains(Action.PUSH)) {
      wanted.add(Action.TRACE); // clients know no scope for it
    }
    var allowed = EnumSet.noneOf(Action.class);
    allowed.addAll(gate.allowed(visitor.caller(), repository.get(), wanted));
    allowed.retainAll(wanted);
    grants
        .computeIfAbsent(repository.get().value(), name -> EnumSet.noneOf(Action.class))
        .addAll(allowed);
  }
}
