package dev.nacelle.image.registry;

import dev.nacelle.image.Credential;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * How each registry is to be reached, from the file of {@code --registries}:
 *
 * <pre>
 * registries:
 *   registry.example.com:5000:
 *     ca: /etc/ssl/example.pem        # trusted beside the system's
 *     plainHttp: false                # default: true on loopback, else false
 *     insecure: false                 # true: any certificate will do
 *     mirrors: [https://mirror.example.com]
 *     username: puller
 *     password: secret
 * </pre>
 */
public record RegistrySettings(Map<String, Registry> registries) {
  public static final RegistrySettings DEFAULT = new RegistrySettings(Map.of());

  private static final Set<String> KEYS =
      Set.of("ca", "plainHttp", "insecure", "mirrors", "username", "password");

  /**
   * One registry.
   *
   * @param authorities a PEM file of certificates
   * @param plainHttp empty for the default
   * @param verification of the server's certificate
   * @param mirrors asked first, in this order, as {@code http[s]://host[:port]}
   */
  public record Registry(
      Optional<Path> authorities,
      Optional<Boolean> plainHttp,
      Verification verification,
      List<String> mirrors,
      Optional<Credential> credential) {
    static final Registry DEFAULT =
        new Registry(
            Optional.empty(), Optional.empty(), Verification.REQUIRED, List.of(), Optional.empty());

    public Registry {
      mirrors = List.copyOf(mirrors);
    }
  }

  /** Whether a server must prove who it is. */
  public enum Verification {
    REQUIRED,
    NONE
  }

  public RegistrySettings {
    registries = Map.copyOf(registries);
  }

  /** As this, where the scheme of a URL decides how one registry is reached. */
  public RegistrySettings reached(URI at) {
    Registry known = of(at.getAuthority());
    var changed = new HashMap<>(registries);
    changed.put(
        at.getAuthority(),
        new Registry(
            known.authorities(),
            Optional.of("http".equals(at.getScheme())),
            known.verification(),
            known.mirrors(),
            known.credential()));
    return new RegistrySettings(changed);
  }

  /** The settings of a registry; the default where there are none. */
  public Registry of(String host) {
    return registries.getOrDefault(host, Registry.DEFAULT);
  }

  /**
   * Reads the file.
   *
   * @throws IllegalArgumentException if it cannot be read or says something unknown
   */
  public static RegistrySettings read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      var settings =
          LoadSettings.builder()
              .setAllowDuplicateKeys(false)
              .setMaxAliasesForCollections(0)
              .build();
      return parse(new Load(settings).loadFromInputStream(in));
    } catch (IOException | YamlEngineException | IllegalArgumentException e) {
      String why = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new IllegalArgumentException("cannot read registries from " + file + ": " + why, e);
    }
  }

  private static RegistrySettings parse(Object document) {
    Map<?, ?> top = mapping(document, "the file");
    refuseUnknown(top, Set.of("registries"), "the file");
    Map<?, ?> registries = mapping(top.get("registries"), "registries");
    var result = new HashMap<String, Registry>();
    registries.forEach(
        (host, value) -> result.put(String.valueOf(host), registry(String.valueOf(host), value)));
    return new RegistrySettings(result);
  }

  private static Registry registry(String host, Object value) {
    Map<?, ?> map = mapping(value, host);
    refuseUnknown(map, KEYS, host);
    Optional<String> user = text(map, "username");
    boolean anyServer = flag(map, "insecure").orElse(false);
    return new Registry(
        text(map, "ca").map(Path::of),
        flag(map, "plainHttp"),
        anyServer ? Verification.NONE : Verification.REQUIRED,
        strings(map, "mirrors"),
        user.map(u -> new Credential.UserPassword(u, text(map, "password").orElse(""))));
  }

  private static Map<?, ?> mapping(@org.jspecify.annotations.Nullable Object value, String where) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new IllegalArgumentException(where + " must be a mapping");
  }

  private static void refuseUnknown(Map<?, ?> map, Set<String> known, String where) {
    for (Object key : map.keySet()) {
      if (!known.contains(String.valueOf(key))) {
        throw new IllegalArgumentException("unknown key \"" + key + "\" in " + where);
      }
    }
  }

  private static Optional<String> text(Map<?, ?> map, String key) {
    return Optional.ofNullable(map.get(key)).map(String::valueOf);
  }

  private static Optional<Boolean> flag(Map<?, ?> map, String key) {
    Object value = map.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof Boolean flag) {
      return Optional.of(flag);
    }
    throw new IllegalArgumentException(key + " must be true or false");
  }

  private static List<String> strings(Map<?, ?> map, String key) {
    Object value = map.get(key);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list.stream().map(String::valueOf).toList();
    }
    throw new IllegalArgumentException(key + " must be a list");
  }
}
