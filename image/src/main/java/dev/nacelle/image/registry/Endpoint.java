package dev.nacelle.image.registry;

import dev.nacelle.image.ImageReference;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A place that serves a repository.
 *
 * @param base {@code http[s]://host[:port]}
 * @param registry whose settings apply to it
 * @param query added to each request: a mirror is told whom it stands for
 */
record Endpoint(URI base, String registry, String query) {

  static Endpoint origin(ImageReference reference, RegistrySettings.Registry settings) {
    String registry = reference.registry();
    String host = registry.equals("docker.io") ? "registry-1.docker.io" : registry;
    boolean plain =
        settings.plainHttp().orElse(isLoopback(host) && settings.authorities().isEmpty());
    return new Endpoint(URI.create((plain ? "http://" : "https://") + host), registry, "");
  }

  static Endpoint mirror(String url, ImageReference reference) {
    String trimmed = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    URI base = URI.create(trimmed.contains("://") ? trimmed : "https://" + trimmed);
    return new Endpoint(base, base.getAuthority(), "?ns=" + reference.registry());
  }

  URI manifest(ImageReference reference, String tagOrDigest) {
    return URI.create(base + "/v2/" + reference.path() + "/manifests/" + tagOrDigest + query);
  }

  URI blob(ImageReference reference, String digest) {
    return URI.create(base + "/v2/" + reference.path() + "/blobs/" + digest + query);
  }

  /** All, where the type is empty. */
  URI referrers(ImageReference reference, String digest, String artifactType) {
    String all = base + "/v2/" + reference.path() + "/referrers/" + digest + query;
    String filter = "artifactType=" + URLEncoder.encode(artifactType, StandardCharsets.UTF_8);
    return URI.create(artifactType.isEmpty() ? all : all + (query.isEmpty() ? "?" : "&") + filter);
  }

  /** Where an upload begins. */
  URI uploads(ImageReference reference) {
    return URI.create(base + "/v2/" + reference.path() + "/blobs/uploads/");
  }

  /** Whether this is the same server: one that may see the credential. */
  boolean serves(URI uri) {
    return base.getScheme().equals(uri.getScheme())
        && base.getAuthority().equals(uri.getAuthority());
  }

  boolean isPlain() {
    return "http".equals(base.getScheme());
  }

  static boolean isLoopback(String hostAndPort) {
    String host = hostAndPort.replaceFirst(":[0-9]+$", "").toLowerCase(Locale.ROOT);
    return host.equals("localhost")
        || host.equals("[::1]")
        || host.matches("127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}");
  }
}
