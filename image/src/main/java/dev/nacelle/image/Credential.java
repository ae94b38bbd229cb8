package dev.nacelle.image;

/** What to show a registry. The text form hides secrets. */
public sealed interface Credential {

  /** A user and a password, sent by Basic or traded for a token. */
  record UserPassword(String user, String password) implements Credential {
    @Override
    public String toString() {
      return "UserPassword[user=" + user + "]";
    }
  }

  /** A refresh token, traded for an access token. */
  record IdentityToken(String token) implements Credential {
    @Override
    public String toString() {
      return "IdentityToken[]";
    }
  }

  /** A bearer token, sent as it is. */
  record RegistryToken(String token) implements Credential {
    @Override
    public String toString() {
      return "RegistryToken[]";
    }
  }
}
