package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Credentials of registries, as the pull secrets of a pod hold them. Immutable; the text form hides
 * secrets.
 */
public final class PullSecrets {
  public static final PullSecrets NONE = new PullSecrets(List.of());

  private static final String DOCKER_HUB = "docker.io";

  private final List<Entry> entries;

  private record Entry(Pattern host, String path, Credential credential) {
    boolean matches(ImageReference reference) {
      String repository = reference.path();
      return host.matcher(reference.registry()).matches()
          && (path.isEmpty() || repository.equals(path) || repository.startsWith(path + "/"));
    }
  }

  private PullSecrets(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /**
   * Reads a {@code .dockerconfigjson} ({@code {"auths": {...}}}) or a {@code .dockercfg} (the same
   * without {@code auths}).
   *
   * @throws IllegalArgumentException if the text is neither
   */
  public static PullSecrets parse(Bytes text) {
    JsonObject json;
    try {
      json = JsonReader.readObject(text);
    } catch (JsonSyntaxException e) {
      throw new IllegalArgumentException("cannot read pull secret: " + e.getMessage(), e);
    }
    JsonObject auths = json.has("auths") ? json.object("auths") : json;
    var entries = new ArrayList<Entry>();
    auths
        .members()
        .forEach(
            (key, value) -> {
              if (value instanceof JsonObject auth) {
                credential(auth).ifPresent(c -> entries.add(entry(key, c)));
              }
            });
    entries.sort(Comparator.comparingInt((Entry e) -> e.path.length()).reversed());
    return new PullSecrets(entries);
  }

  /** Credentials for one registry host ({@code host[:port]}, {@code *} stands for one label). */
  public static PullSecrets of(String host, Credential credential) {
    return new PullSecrets(List.of(entry(host, credential)));
  }

  /** These, and the others after them. */
  public PullSecrets and(PullSecrets others) {
    var all = new ArrayList<>(entries);
    all.addAll(others.entries);
    all.sort(Comparator.comparingInt((Entry e) -> e.path.length()).reversed());
    return new PullSecrets(all);
  }

  /** The credentials that fit, those of the longest path first; to be tried in this order. */
  public List<Credential> forImage(ImageReference reference) {
    return entries.stream().filter(e -> e.matches(reference)).map(Entry::credential).toList();
  }

  private static Entry entry(String key, Credential credential) {
    String rest = key.replaceFirst("^https?://", "");
    int slash = rest.indexOf('/');
    String host = slash < 0 ? rest : rest.substring(0, slash);
    String path = slash < 0 ? "" : rest.substring(slash + 1).replaceFirst("/+$", "");
    if (host.equals("index.docker.io") || host.equals("registry-1.docker.io")) {
      host = DOCKER_HUB;
    }
    if (path.equals("v1") || path.equals("v2")) {
      path = "";
    }
    String pattern = Pattern.quote(host).replace("*", "\\E[^.:]*\\Q");
    return new Entry(Pattern.compile(pattern, Pattern.CASE_INSENSITIVE), path, credential);
  }

  private static Optional<Credential> credential(JsonObject auth) {
    Optional<String> token = auth.string("registrytoken").filter(t -> !t.isEmpty());
    if (token.isPresent()) {
      return Optional.of(new Credential.RegistryToken(token.get()));
    }
    Optional<String> identity = auth.string("identitytoken").filter(t -> !t.isEmpty());
    if (identity.isPresent()) {
      return Optional.of(new Credential.IdentityToken(identity.get()));
    }
    Optional<String> user = auth.string("username").filter(u -> !u.isEmpty());
    if (user.isPresent()) {
      return Optional.of(
          new Credential.UserPassword(user.get(), auth.string("password").orElse("")));
    }
    return auth.string("auth").filter(a -> !a.isEmpty()).flatMap(PullSecrets::decode);
  }

  private static Optional<Credential> decode(String auth) {
    String text;
    try {
      text = new String(Base64.getDecoder().decode(auth.strip()), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("cannot read pull secret: \"auth\" is not base64", e);
    }
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("cannot read pull secret: \"auth\" is not user:password");
    }
    return Optional.of(
        new Credential.UserPassword(
            text.substring(0, colon), text.substring(colon + 1).replaceFirst("\0+$", "")));
  }

  @Override
  public String toString() {
    return "PullSecrets[" + entries.size() + "]";
  }
}
