package dev.nacelle.image.distribution;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who may do what in the registry. Called on the requests' threads, may block, safe for many
 * threads; asked anew for each request, so that what is revoked is revoked at once.
 */
public interface RegistryAccess {
  /** Everybody may do everything: for a registry that nobody else can reach. */
  RegistryAccess OPEN = new OpenAccess();

  /** What can be done with a repository; the names are those of Docker's token scopes. */
  enum Action {
    PULL,
    PUSH,
    DELETE,
    /** To lay traces beside images and take them away again: what {@link TraceRules} say. */
    TRACE
  }

  /** Whether clients must show who they are. */
  enum Login {
    /** Everybody is anonymous; credentials are not asked for. */
    NEVER,
    /** Clients are asked; whether anonymous ones may pull, {@link #allowed} says. */
    ASKED
  }

  /** What a client shows. */
  sealed interface Credentials {
    /** HTTP Basic: a user with a password, or with a token in its place. */
    record Basic(String user, String password) implements Credentials {
      @Override
      public String toString() {
        return "Basic[" + user + "]";
      }
    }

    /** A bearer token that is not one of the registry's own. */
    record Bearer(String token) implements Credentials {
      @Override
      public String toString() {
        return "Bearer";
      }
    }

    /** Certificates whose key the client has proved to hold; trust is not checked yet. */
    record Certificates(List<X509Certificate> chain) implements Credentials {
      public Certificates {
        chain = List.copyOf(chain);
      }
    }
  }

  /** Somebody with a name. */
  record Caller(String name, List<String> groups) {
    /** Nobody in particular. */
    public static final Caller ANONYMOUS = new Caller("", List.of());

    public Caller {
      groups = List.copyOf(groups);
    }

    public boolean isAnonymous() {
      return name.isEmpty();
    }
  }

  Login login();

  /**
   * Who shows these.
   *
   * @return empty where they are wrong
   */
  Optional<Caller> authenticate(Credentials credentials) throws IOException, InterruptedException;

  /** Those of the wanted actions that somebody may do. */
  Set<Action> allowed(Caller caller, RepositoryName repository, Set<Action> wanted)
      throws IOException, InterruptedException;
}
