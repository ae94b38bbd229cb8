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
import dev.nacelle.image.distribution.PushListener;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.image.registry.ClusterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

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

  private final ClusterPki pki;
  private final RegistryService service;
  private final String address;
  private final Beside<Boolean> opening;

  private RegistryWiring(
      Terms terms, ClusterPki pki, RegistryService service, String address, ApiClient client) {
    this.pki = pki;
    this.service = service;
    this.address = address;
    this.opening =
        Beside.start(
            terms.phases(),
            "registry",
            () -> {
              service.open();
              new RegistryHosting(address + ":" + service.port(), service.port()).publish(client);
              return true;
            });
    terms.platform().add("start of registry", opening::interrupt);
  }

  /**
   * Listens, and begins to open.
   *
   * @param client tells the cluster where it is
   * @param names of its certificate
   * @param address of this host
   * @param listener hears of what is pushed
   */
  static RegistryWiring start(
      Terms terms,
      ClusterPki pki,
      RegistryAccess access,
      ApiClient client,
      SubjectAlternatives names,
      String address,
      PushListener listener)
      throws StartException, InterruptedException {
    Layout layout = terms.layout();
    RegistryService service =
        terms
            .phases()
            .time(
                "registry",
                () ->
                    RegistryService.listen(
                        new RegistryService.Parts(
                            layout.registry(),
                            layout.pki().resolve("registry-token.key"),
                            new RegistryPort(
                                layout.cluster().resolve("registry.json"),
                                terms.options().registryPort,
                                terms.instance().index()),
                            new ServerTls(
                                pki.serverIdentity("registry", names),
                                ServerTls.ClientCertificates.REQUESTED),
                            access,
                            listener,
                            terms.metrics(),
                            terms.clock()),
                        terms.options(),
                        terms.loops()));
    terms.platform().add("registry", service::close);
    return new RegistryWiring(terms, pki, service, address, client);
  }

  /** The running service. */
  RegistryService service() {
    return service;
  }

  /** Waits until requests are served and the cluster knows where. */
  void awaitOpen() throws StartException, InterruptedException {
    opening.result();
  }

  /** What {@code status} says of it. */
  JsonObject facts() {
    return JsonObject.builder()
        .put("url", "https://127.0.0.1:" + service.port())
        .put("address", address + ":" + service.port())
        .build();
  }

  /** How this host reaches it. */
  ClusterRegistry reachedBy(String nodeName) {
    var hosting = new RegistryHosting(address + ":" + service.port(), service.port());
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
