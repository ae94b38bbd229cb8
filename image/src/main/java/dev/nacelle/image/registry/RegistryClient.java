package dev.nacelle.image.registry;

import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.Credential;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.registry.Authorization.Access;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
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
import java.util.function.Supplier;
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
  private static final int MOST_KINDS = 1000;
  private static final Backoff BACKOFF =
      new Backoff(5, Duration.ofMillis(200), Duration.ofSeconds(10), RandomGenerator.getDefault());

  private final RegistrySettings settings;
  private final ProxySettings proxy;
  private final Supplier<Optional<ClusterRegistry>> cluster;
  private final NearContent near;

  /** A client has one set of trusted authorities and one certificate at most. */
  private final Map<ClientKey, HttpClient> clients = new ConcurrentHashMap<>();

  private record ClientKey(String registry, Shown shown) {}

  /** What a client shows of itself to the cluster's own registry. */
  private enum Shown {
    /** It is another registry. */
    NOTHING,
    /** The pod's secret. */
    SECRET,
    PULLER,
    PUSHER
  }

  /** What has been learnt, by the base of the endpoint; lost with the process. */
  private final Map<URI, ReferrerList.Memory> referrerKinds = new ConcurrentHashMap<>();

  public RegistryClient(RegistrySettings settings, ProxySettings proxy) {
    this(settings, proxy, Optional::empty);
  }

  /**
   * As the other, for a host whose cluster may have a registry.
   *
   * @param cluster asked at each use, as it may become known late; names that the settings know are
   *     not its own
   */
  public RegistryClient(
      RegistrySettings settings, ProxySettings proxy, Supplier<Optional<ClusterRegistry>> cluster) {
    this(settings, proxy, cluster, NearContent.NONE);
  }

  /**
   * As the other, for a host that knows others.
   *
   * @param near asked before a registry for small content
   */
  public RegistryClient(
      RegistrySettings settings,
      ProxySettings proxy,
      Supplier<Optional<ClusterRegistry>> cluster,
      NearContent near) {
    this.near = near;
    this.settings = settings;
    this.proxy = proxy;
    this.cluster = cluster;
  }

  /** A conversation about one repository with one credential, or none. Makes no request yet. */
  public Repository repository(ImageReference reference, Optional<Credential> credential) {
    return new Repository(reference, new Places(reference, credential), BACKOFF, near);
  }

  /** The places of a repository; others when the cluster's registry has become another. */
  private final class Places implements Supplier<List<Place>> {
    private final ImageReference reference;
    private final Optional<Credential> credential;
    private Optional<ClusterRegistry> madeFor;
    private List<Place> made;

    Places(ImageReference reference, Optional<Credential> credential) {
      this.reference = reference;
      this.credential = credential;
      this.madeFor = cluster.get();
      this.made = places(reference, credential);
    }

    @Override
    public synchronized List<Place> get() {
      Optional<ClusterRegistry> present = cluster.get();
      if (!present.equals(madeFor)) {
        madeFor = present;
        made = places(reference, credential);
      }
      return made;
    }
  }

  private List<Place> places(ImageReference reference, Optional<Credential> credential) {
    RegistrySettings.Registry registry = settings.of(reference.registry());
    var places = new ArrayList<Place>();
    for (String mirror : registry.mirrors()) {
      Endpoint endpoint = Endpoint.mirror(mirror, reference);
      places.add(
          place(endpoint, reference, Access.PULL, settings.of(endpoint.registry()).credential()));
    }
    places.add(
        place(
            origin(reference, registry),
            reference,
            Access.PULL,
            credential.or(registry::credential)));
    return List.copyOf(places);
  }

  /**
   * As {@link #repository}, to push to it: to the registry itself, never to a mirror. Only the
   * repository of the reference matters.
   */
  public RepositoryWriter writer(ImageReference reference, Optional<Credential> credential) {
    RegistrySettings.Registry registry = settings.of(reference.registry());
    Endpoint endpoint = origin(reference, registry);
    Optional<Credential> shown = credential.or(registry::credential);
    return new RepositoryWriter(
        reference,
        place(endpoint, reference, Access.PUSH, shown),
        place(endpoint, reference, Access.DELETE, shown),
        BACKOFF);
  }

  private Endpoint origin(ImageReference reference, RegistrySettings.Registry registry) {
    return own(reference.registry())
        .map(known -> new Endpoint(known.at(), reference.registry(), ""))
        .orElseGet(() -> Endpoint.origin(reference, registry));
  }

  private Optional<ClusterRegistry> own(String registry) {
    return settings.registries().containsKey(registry)
        ? Optional.empty()
        : cluster.get().filter(known -> known.names().contains(registry));
  }

  private Place place(
      Endpoint endpoint, ImageReference reference, Access access, Optional<Credential> credential) {
    if (referrerKinds.size() >= MOST_KINDS) {
      referrerKinds.clear();
    }
    var key = new ClientKey(endpoint.registry(), shown(endpoint, access, credential));
    HttpClient http = clients.computeIfAbsent(key, this::client);
    return new Place(
        endpoint,
        http,
        new Authorization(http, endpoint, reference.path(), access, credential),
        referrerKinds.computeIfAbsent(endpoint.base(), base -> new ReferrerList.Memory()));
  }

  private Shown shown(Endpoint endpoint, Access access, Optional<Credential> credential) {
    if (own(endpoint.registry()).isEmpty()) {
      return Shown.NOTHING;
    }
    if (credential.isPresent()) {
      return Shown.SECRET;
    }
    return switch (access) {
      case PULL -> Shown.PULLER;
      case PUSH, DELETE -> Shown.PUSHER;
    };
  }

  private HttpClient client(ClientKey key) {
    Optional<ClusterRegistry> own = own(key.registry());
    if (own.isPresent()) {
      var builder = HttpClient.builder().redirects(REDIRECTS).trust(own.get().authorities());
      return switch (key.shown()) {
        case NOTHING, SECRET -> builder.build();
        case PULLER -> builder.identity(own.get().puller()).build();
        case PUSHER -> builder.identity(own.get().pusher()).build();
      };
    }
    RegistrySettings.Registry entry = settings.of(key.registry());
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
