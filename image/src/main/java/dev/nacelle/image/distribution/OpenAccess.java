package dev.nacelle.image.distribution;

import java.util.Optional;
import java.util.Set;

/** See {@link RegistryAccess#OPEN}. */
final class OpenAccess implements RegistryAccess {
  @Override
  public Login login() {
    return Login.NEVER;
  }

  @Override
  public Optional<Caller> authenticate(Credentials credentials) {
    return Optional.of(Caller.ANONYMOUS);
  }

  @Override
  public Set<Action> allowed(Caller caller, RepositoryName repository, Set<Action> wanted) {
    return wanted;
  }
}
