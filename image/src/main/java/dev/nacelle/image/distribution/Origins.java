package dev.nacelle.image.distribution;

import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import java.net.URI;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The registries that parts of this one are a cache of, by the prefix of those repositories' names.
 * What follows the prefix is the name at the origin. Safe for any thread; close it after the
 * registry.
 */
public final class Origins implements AutoCloseable {
  private static final String DOCKER = "docker.io";

  /** By prefix with its slash; the longest first. */
  private final Map<String, URI> byPrefix;

  private final RegistryClient client;

  private Origins(Map<String, URI> byPrefix, RegistryClient client) {
    this.byPrefix = byPrefix;
    this.client = client;
  }

  /** No part is a cache. */
  public static Origins none() {
    return of(Map.of(), RegistrySettings.DEFAULT, ProxySettings.NONE);
  }

  /**
   * These parts are.
   *
   * @param byPrefix from the prefix of names, without a slash at its end, to {@code
   *     http[s]://host[:port][/path]}
   * @param settings how those registries are reached, and with which credentials
   */
  public static Origins of(
      Map<String, URI> byPrefix, RegistrySettings settings, ProxySettings proxy) {
    var sorted =
        new TreeMap<String, URI>(
            Comparator.comparing(String::length).reversed().thenComparing(String::compareTo));
    RegistrySettings reached = settings;
    for (Map.Entry<String, URI> entry : byPrefix.entrySet()) {
      sorted.put(entry.getKey() + "/", entry.getValue());
      reached = reached.reached(entry.getValue());
    }
    return new Origins(sorted, new RegistryClient(reached, proxy));
  }

  /** What a repository is a cache of. */
  record Origin(URI url, Repository repository) {}

  /** Empty for a repository of this registry's own. */
  Optional<Origin> of(RepositoryName name) {
    for (Map.Entry<String, URI> entry : byPrefix.entrySet()) {
      String prefix = entry.getKey();
      if (name.value().startsWith(prefix)) {
        URI url = entry.getValue();
        String registry = url.getAuthority();
        String path = path(url, name.value().substring(prefix.length()));
        var reference = new ImageReference(registry, path, Optional.empty(), Optional.empty());
        return Optional.of(new Origin(url, client.repository(reference, Optional.empty())));
      }
    }
    return Optional.empty();
  }

  boolean has(RepositoryName name) {
    return byPrefix.keySet().stream().anyMatch(name.value()::startsWith);
  }

  private static String path(URI url, String rest) {
    String above = url.getPath().replaceAll("^/+|/+$", "");
    if (!above.isEmpty()) {
      return above + "/" + rest;
    }
    return url.getAuthority().equals(DOCKER) && rest.indexOf('/') < 0 ? "library/" + rest : rest;
  }

  @Override
  public void close() {
    client.close();
  }
}
