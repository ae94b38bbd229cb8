package dev.nacelle.image.registry;

import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.Credential;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.registry.Authorization.Access;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Speaks to registries: http on loopback, https elsewhere, as the settings say. Keeps connections
 * open between pulls. Safe for any thread; close it to end them.
 */
public final class RegistryClient implements AutoCloseable {
  private static final int REDIRECTS = 5;
  private static final Backoff BACKOFF =
      new Backoff(5, Duration.ofMillis(200), Duration.ofSeconds(10), RandomGenerator.getDefault());

  private final RegistrySettings settings;
  private final ProxySettings proxy;
  private final NearContent near;

  /** By registry; a client has one set of trusted authorities. */
  private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

  public RegistryClient(RegistrySettings settings, ProxySettings proxy) {
    this(settings, proxy, NearContent.NONE);
  }

  /**
   * @param near asked before a registry for small content
   */
  public RegistryClient(RegistrySettings settings, ProxySettings proxy, NearContent near) {
    this.near = near;
    this.settings = settings;
    this.proxy = proxy;
  }

  /** A conversation about one repository with one credential, or none. Makes no request yet. */
  public Repository repository(ImageReference reference, Optional<Credential> credential) {
    RegistrySettings.Registry registry = settings.of(reference.registry());
    var places = new ArrayList<Place>();
    for (String mirror : registry.mirrors()) {
      Endpoint endpoint = Endpoint.mirror(mirror, reference);
      places.add(
          place(endpoint, reference, Access.PULL, settings.of(endpoint.registry()).credential()));
    }
    Endpoint origin = Endpoint.origin(reference, registry);
    places.add(place(origin, reference, Access.PULL, credential.or(registry::credential)));
    return new Repository(reference, places, BACKOFF, near);
  }

  /**
   * As {@link #repository}, to push to it: to the registry itself, never to a mirror. Only the
   * repository of the reference matters.
   */
  public RepositoryWriter writer(ImageReference reference, Optional<Credential> credential) {
    RegistrySettings.Registry registry = settings.of(reference.registry());
    Endpoint origin = Endpoint.origin(reference, registry);
    return new RepositoryWriter(
        reference,
        place(origin, reference, Access.PUSH, credential.or(registry::credential)),
        BACKOFF);
  }

  private Place place(
      Endpoint endpoint, ImageReference reference, Access access, Optional<Credential> credential) {
    HttpClient http = clients.computeIfAbsent(endpoint.registry(), this::client);
    return new Place(
        endpoint, http, new Authorization(http, endpoint, reference.path(), access, credential));
  }

  private HttpClient client(String registry) {
    RegistrySettings.Registry entry = settings.of(registry);
    var builder = HttpClient.builder().redirects(REDIRECTS).proxy(proxy);
    entry.authorities().ifPresent(file -> builder.trust(authorities(file)));
    return switch (entry.verification()) {
      case REQUIRED -> builder.build();
      case NONE -> builder.trustAnyServer().build();
    };
  }

  /** The certificates of a file, and the system's: blobs may be redirected to public servers. */
  private static List<X509Certificate> authorities(Path file) {
    var result = new ArrayList<X509Certificate>();
    try (InputStream in = Files.newInputStream(file)) {
      CertificateFactory.getInstance("X.509")
          .generateCertificates(in)
          .forEach(c -> result.add((X509Certificate) c));
      var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init((KeyStore) null);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509TrustManager x509) {
          result.addAll(List.of(x509.getAcceptedIssuers()));
        }
      }
      return result;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "cannot read certificates from " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    clients.values().forEach(HttpClient::close);
  }
}
