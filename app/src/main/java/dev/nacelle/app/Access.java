package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.apiserver.ApiServer;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.access.Authenticator;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.Decision;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.apiserver.auth.CertificateAuthenticator;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.apiserver.auth.pods.DefaultTolerations;
import dev.nacelle.apiserver.auth.pods.PriorityStep;
import dev.nacelle.apiserver.auth.pods.ServiceAccountStep;
import dev.nacelle.apiserver.auth.token.BearerAuthenticator;
import dev.nacelle.apiserver.auth.token.BootstrapTokens;
import dev.nacelle.apiserver.auth.token.ServiceAccountTokens;
import dev.nacelle.apiserver.auth.token.StaticTokens;
import dev.nacelle.apiserver.auth.token.TokenKeys;
import dev.nacelle.apiserver.auth.token.TokenRequests;
import dev.nacelle.apiserver.auth.token.TokenSource;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.bootstrap.SystemPriorities;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.store.Store;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who may come in, and what they may do: the authenticators, authorizers and admission steps, in
 * their order.
 */
final class Access {
  private final ClusterPki pki;
  private final UpOptions options;
  private final InstantSource clock;
  private final ClusterView view = new ClusterView();

  Access(ClusterPki pki, UpOptions options, InstantSource clock) {
    this.pki = pki;
    this.options = options;
    this.clock = clock;
  }

  ApiServer.Parts parts(
      Store store, EventLoops loops, Metrics metrics, NodeGateway gateway, ValidatingStep accepted)
      throws IOException {
    var keys = new TokenKeys(pki.tokenKeys(), pki.tokenVerifiers());
    var sources = new ArrayList<TokenSource>();
    if (options.tokenFile.isPresent()) {
      sources.add(StaticTokens.read(options.tokenFile.get()));
    }
    sources.add(new ServiceAccountTokens(keys, view, clock));
    sources.add(new BootstrapTokens(view, clock));
    var bearers = new BearerAuthenticator(sources, Set.of(ServiceAccountTokens.ISSUER));
    List<Authenticator> authenticators =
        List.of(new CertificateAuthenticator(pki.trusted(), clock), bearers);
    var random = new SecureRandom();
    var priority = new PriorityStep(view);
    var steps =
        new AdmissionSteps(
            List.of(new ServiceAccountStep(view, random), new DefaultTolerations(), priority),
            List.of(priority, accepted));
    return new ApiServer.Parts(
        store,
        BuiltInKinds.all(),
        Authenticator.firstOf(authenticators),
        new AllowAll(),
        steps,
        Map.of("serviceaccounts/token", new TokenRequests(keys, view, clock)),
        gateway,
        List.of(),
        loops,
        metrics,
        clock,
        random);
  }

  /** Lets the judges see the cluster, and makes what every cluster has. */
  void open(ApiServer server, Platform platform) {
    ApiClient client = server.client(Identity.system("apiserver"));
    Informers informers = new Informers(client);
    platform.add("access", informers::close);
    view.open(client, informers);
    SystemPriorities.ensure(client);
  }

  private static final class AllowAll implements Authorizer {
    @Override
    public Decision authorize(Attributes attributes) {
      return new Decision.Allow("");
    }

    @Override
    public Rules rulesFor(Identity identity, String namespace) {
      return new Rules(List.of(), List.of(), "");
    }
  }
}
