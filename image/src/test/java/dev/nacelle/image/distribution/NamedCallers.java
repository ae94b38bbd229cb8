package dev.nacelle.image.distribution;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Access by a list of people, for tests. */
final class NamedCallers implements RegistryAccess {
  private final Map<String, String> passwords = new HashMap<>();
  private final Map<String, Set<Action>> rights = new ConcurrentHashMap<>();

  /** Lets somebody do things in a namespace; an empty name is everybody. */
  NamedCallers with(String user, String password, String namespace, Action... actions) {
    passwords.put(user, password);
    var set = EnumSet.noneOf(Action.class);
    set.addAll(List.of(actions));
    rights.put(user + "@" + namespace, set);
    return this;
  }

  void revoke(String user, String namespace) {
    rights.remove(user + "@" + namespace);
  }

  @Override
  public Login login() {
    return Login.ASKED;
  }

  @Override
  public Optional<Caller> authenticate(Credentials credentials) {
    return switch (credentials) {
      case Credentials.Basic(var user, var password)
          when !user.isEmpty() && password.equals(passwords.get(user)) ->
          Optional.of(new Caller(user, List.of("people")));
      case Credentials.Basic b -> Optional.empty();
      case Credentials.Bearer(var token) when token.startsWith("cluster-token-of-") ->
          Optional.of(new Caller(token.substring("cluster-token-of-".length()), List.of()));
      case Credentials.Bearer b -> Optional.empty();
      case Credentials.Certificates c -> Optional.empty();
    };
  }

  @Override
  public Set<Action> allowed(Caller caller, RepositoryName repository, Set<Action> wanted) {
    var allowed = EnumSet.noneOf(Action.class);
    allowed.addAll(rights.getOrDefault("@" + repository.namespace(), Set.of()));
    allowed.addAll(rights.getOrDefault(caller.name() + "@" + repository.namespace(), Set.of()));
    allowed.retainAll(wanted);
    return allowed;
  }
}
