package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.bootstrap.RbacDefaults;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.http.ServerTls;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.registry.ClusterRegistry;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The start of the built-in registry: it listens at once, so that its address is known, and opens
 * its directory and tells the cluster beside the other parts.
 */
final class RegistryWiring {
  private static final Duration AS_LONG_AS_THE_AUTHORITY = Duration.ofDays(3_650);

  /** What a start knows. */
  record Terms(
      Layout layout,
      UpOptions options,
      Instance instance,
      Platform platform,
      Phases phases,
      EventLoops loops,
      Metrics metrics,
      Clock clock) {}

  /** Says something that may fail. */
  interface Names {
    SubjectAlternatives get() throws IOException, StartException;
  }

  private final Terms terms;
  private final ClusterPki pki;
  private final String address;
  private final Beside<RegistryService> listening;
  private Optional<Beside<Boolean>> opening = Optional.empty();

  private RegistryWiring(Terms terms, ClusterPki pki, Names names, String address) {
    this.terms = terms;
    this.pki = pki;
    this.address = address;
    this.listening = Beside.start(terms.phases(), "registry", () -> startListening(names));
    terms.platform().add("start of registry", listening::interrupt);
  }

  /**
   * Begins to listen, beside whatever else starts.
   *
   * @param names of its certificate
   * @param address of this host
   */
  static RegistryWiring listen(Terms terms, ClusterPki pki, Names names, String address) {
    return new RegistryWiring(terms, pki, names, address);
  }

  private RegistryService startListening(Names names) throws IOException, StartException {
    Layout layout = terms.layout();
    UpOptions options = terms.options();
    RegistryService service =
        RegistryService.listen(
            new RegistryService.Parts(
                layout.registry(),
                layout.pki().resolve("registry-token.key"),
                new RegistryPort(
                    layout.cluster().resolve("registry.json"),
                    options.registryPort,
                    terms.instance().index(),
                    options.port),
                new ServerTls(
                    pki.serverIdentity("registry", names.get()),
                    ServerTls.ClientCertificates.REQUESTED),
                terms.metrics(),
                terms.clock()),
            options,
            terms.loops());
    terms.platform().add("registry", service::close);
    return service;
  }

  /**
   * Begins to serve, and to tell the cluster where, beside whatever else starts; call it once.
   *
   * @param client may write ConfigMaps
   */
  void open(RegistryAccess access, ApiClient client) {
    Beside<Boolean> begun =
        Beside.start(
            terms.phases(),
            "registry content",
            () -> {
              service().open(access);
              hosting().publish(client);
              return true;
            });
    opening = Optional.of(begun);
    terms.platform().add("opening of registry", begun::interrupt);
  }

  /** The service, once it listens. */
  RegistryService service() throws StartException, InterruptedException {
    return listening.result();
  }

  private RegistryHosting hosting() throws StartException, InterruptedException {
    int port = service().port();
    return new RegistryHosting(address + ":" + port, port);
  }

  /** Waits until requests are served and the cluster knows where. */
  void awaitOpen() throws StartException, InterruptedException {
    if (opening.isPresent()) {
      opening.get().result();
    }
  }

  /** What {@code status} says of it. */
  JsonObject facts() throws StartException, InterruptedException {
    RegistryHosting hosting = hosting();
    return JsonObject.builder()
        .put("url", "https://127.0.0.1:" + hosting.port())
        .put("address", hosting.address())
        .build();
  }

  /** How this host reaches it. */
  ClusterRegistry reachedBy(String nodeName) throws StartException, InterruptedException {
    RegistryHosting hosting = hosting();
    TlsIdentity puller =
        pki.clientIdentity(
            "system:node:" + nodeName, List.of("system:nodes"), AS_LONG_AS_THE_AUTHORITY);
    TlsIdentity pusher =
        pki.clientIdentity(RbacDefaults.IMAGE_WRITER, List.of(), AS_LONG_AS_THE_AUTHORITY);
    return new ClusterRegistry(
        hosting.at(),
        hosting.names(),
        List.of(pki.authorityCertificate()),
        () -> puller,
        () -> pusher);
  }
}
