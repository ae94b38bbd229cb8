package dev.nacelle.image.distribution;

import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import dev.nacelle.image.distribution.RegistryAccess.Caller;
import dev.nacelle.image.distribution.RegistryAccess.Credentials;
import dev.nacelle.image.distribution.RegistryAccess.Login;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Who asks, and whether they may: 401 with a challenge where other credentials could help, 403
 * where not. What a token of the registry grants is asked of {@link RegistryAccess} again.
 */
final class Gate {
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9.\\-\\[\\]:_]{1,255}");

  private final RegistryAccess access;
  private final RegistryTokens tokens;
  private final String service;

  Gate(RegistryAccess access, RegistryTokens tokens, String service) {
    this.access = access;
    this.tokens = tokens;
    this.service = service;
  }

  /** Who asks; with a token of the registry, what it is limited to. */
  record Visitor(Caller caller, Optional<RegistryTokens.Token> token) {}

  /**
   * Reads the credentials of a request.
   *
   * @throws RegistryException 401 if they are wrong
   */
  Visitor visitor(HttpExchange exchange) throws IOException, InterruptedException {
    if (access.login() == Login.NEVER) {
      return new Visitor(Caller.ANONYMOUS, Optional.empty());
    }
    String header = exchange.headers().first("authorization").orElse("");
    if (header.isEmpty()) {
      return exchange.peerCertificates().isEmpty()
          ? new Visitor(Caller.ANONYMOUS, Optional.empty())
          : byCredentials(exchange, new Credentials.Certificates(exchange.peerCertificates()));
    }
    int space = header.indexOf(' ');
    String scheme = (space < 0 ? header : header.substring(0, space)).toLowerCase(Locale.ROOT);
    String value = space < 0 ? "" : header.substring(space + 1).strip();
    return switch (scheme) {
      case "basic" -> byCredentials(exchange, basic(exchange, value));
      case "bearer" -> bearer(exchange, value);
      default -> throw unauthorized(exchange, "", "", "only Basic and Bearer are spoken here");
    };
  }

  private Visitor bearer(HttpExchange exchange, String value)
      throws IOException, InterruptedException {
    if (!RegistryTokens.isOwn(value)) {
      return byCredentials(exchange, new Credentials.Bearer(value));
    }
    RegistryTokens.Token token =
        tokens
            .verify(value)
            .orElseThrow(
                () -> unauthorized(exchange, "", "invalid_token", "the token is wrong or too old"));
    return new Visitor(token.caller(), Optional.of(token));
  }

  private Visitor byCredentials(HttpExchange exchange, Credentials credentials)
      throws IOException, InterruptedException {
    return new Visitor(
        access
            .authenticate(credentials)
            .orElseThrow(
                () -> unauthorized(exchange, "", "invalid_token", "the credentials are wrong")),
        Optional.empty());
  }

  private Credentials.Basic basic(HttpExchange exchange, String value) throws RegistryException {
    try {
      String text = new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8);
      int colon = text.indexOf(':');
      if (colon > 0) {
        return new Credentials.Basic(text.substring(0, colon), text.substring(colon + 1));
      }
    } catch (IllegalArgumentException e) {
      throw unauthorized(exchange, "", "", "the Basic credentials are no base64");
    }
    throw unauthorized(exchange, "", "", "the Basic credentials name no user");
  }

  /**
   * Lets pass whoever has shown credentials, and everybody where none are asked for.
   *
   * @throws RegistryException 401
   */
  void requireLogin(HttpExchange exchange) throws IOException, InterruptedException {
    Visitor visitor = visitor(exchange);
    if (access.login() == Login.ASKED
        && visitor.caller().isAnonymous()
        && visitor.token().isEmpty()) {
      throw unauthorized(exchange, "", "", "authentication is required");
    }
  }

  /**
   * Lets pass whoever may do all of {@code actions}.
   *
   * @throws RegistryException 401 or 403
   */
  void require(
      HttpExchange exchange, Visitor visitor, RepositoryName repository, Set<Action> actions)
      throws IOException, InterruptedException {
    boolean allowed = allowed(visitor.caller(), repository, actions).containsAll(actions);
    boolean granted =
        visitor.token().isEmpty() || visitor.token().get().grants(repository, actions);
    if (allowed && granted) {
      return;
    }
    if (!visitor.caller().isAnonymous() && !allowed) {
      throw new RegistryException(
          ErrorCode.DENIED,
          "%s may not %s in %s".formatted(visitor.caller().name(), words(actions), repository));
    }
    String scope = "repository:" + repository + ":" + words(actions);
    throw unauthorized(
        exchange,
        scope,
        visitor.token().isPresent() ? "insufficient_scope" : "",
        "authentication is required to %s in %s".formatted(words(actions), repository));
  }

  /** How much of a repository somebody may change. */
  enum Extent {
    EVERYTHING,
    TRACES
  }

  /**
   * As {@link #require}; lets pass, too, whoever has the right to traces alone.
   *
   * @throws RegistryException 401 or 403
   */
  Extent requireOrTraces(
      HttpExchange exchange, Visitor visitor, RepositoryName repository, Set<Action> actions)
      throws IOException, InterruptedException {
    if (!may(visitor, repository, actions)
        && may(visitor, repository, Set.of(Action.PULL, Action.TRACE))) {
      return Extent.TRACES;
    }
    require(exchange, visitor, repository, actions);
    return Extent.EVERYTHING;
  }

  private boolean may(Visitor visitor, RepositoryName repository, Set<Action> actions)
      throws IOException, InterruptedException {
    return allowed(visitor.caller(), repository, actions).containsAll(actions)
        && (visitor.token().isEmpty() || visitor.token().get().grants(repository, actions));
  }

  /** Whether somebody has the right to push, whatever a token of theirs grants. */
  boolean hasPush(Visitor visitor, RepositoryName repository)
      throws IOException, InterruptedException {
    Set<Action> push = Set.of(Action.PULL, Action.PUSH);
    return allowed(visitor.caller(), repository, push).containsAll(push);
  }

  /** True where somebody may; nobody is told why not. */
  boolean mayPull(Visitor visitor, RepositoryName repository)
      throws IOException, InterruptedException {
    return allowed(visitor.caller(), repository, Set.of(Action.PULL)).contains(Action.PULL);
  }

  /** As {@link #mayPull}, by what the visitor's token grants too. */
  boolean mayPullNow(Visitor visitor, RepositoryName repository)
      throws IOException, InterruptedException {
    return may(visitor, repository, Set.of(Action.PULL));
  }

  Set<Action> allowed(Caller caller, RepositoryName repository, Set<Action> wanted)
      throws IOException, InterruptedException {
    return wanted.isEmpty() ? Set.of() : access.allowed(caller, repository, wanted);
  }

  private static String words(Set<Action> actions) {
    return actions.stream()
        .sorted()
        .map(action -> action.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(","));
  }

  private RegistryException unauthorized(
      HttpExchange exchange, String scope, String error, String message) {
    String host =
        exchange.headers().first("host").filter(h -> HOST.matcher(h).matches()).orElse("localhost");
    var challenge = new StringBuilder("Bearer realm=\"");
    challenge.append(exchange.isSecure() ? "https://" : "http://").append(host).append("/token\"");
    challenge.append(",service=\"").append(service).append('"');
    if (!scope.isEmpty()) {
      challenge.append(",scope=\"").append(scope).append('"');
    }
    if (!error.isEmpty()) {
      challenge.append(",error=\"").append(error).append('"');
    }
    return new RegistryException(
        ErrorCode.UNAUTHORIZED, 401, message, Headers.of("www-authenticate", challenge.toString()));
  }
}
