package dev.nacelle.apiserver.bootstrap;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.access.Authenticator;
import dev.nacelle.apiserver.access.Authorizer;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.auth.AuthorizationModes;
import dev.nacelle.apiserver.auth.CertificateAuthenticator;
import dev.nacelle.apiserver.auth.ClusterView;
import dev.nacelle.apiserver.auth.node.NodeAuthorizer;
import dev.nacelle.apiserver.auth.node.NodeRestriction;
import dev.nacelle.apiserver.auth.pods.DefaultTolerations;
import dev.nacelle.apiserver.auth.pods.PriorityStep;
import dev.nacelle.apiserver.auth.pods.ServiceAccountStep;
import dev.nacelle.apiserver.auth.rbac.EscalationStep;
import dev.nacelle.apiserver.auth.rbac.RbacAuthorizer;
import dev.nacelle.apiserver.auth.review.Reviews;
import dev.nacelle.apiserver.auth.signing.CertificateApprovalStep;
import dev.nacelle.apiserver.auth.signing.CertificateSigning;
import dev.nacelle.apiserver.auth.signing.CertificateSigningStep;
import dev.nacelle.apiserver.auth.signing.SubjectRestrictionStep;
import dev.nacelle.apiserver.auth.token.BearerAuthenticator;
import dev.nacelle.apiserver.auth.token.BootstrapTokens;
import dev.nacelle.apiserver.auth.token.ServiceAccountTokens;
import dev.nacelle.apiserver.auth.token.StaticTokens;
import dev.nacelle.apiserver.auth.token.TokenKeys;
import dev.nacelle.apiserver.auth.token.TokenRequests;
import dev.nacelle.apiserver.auth.token.TokenSource;
import dev.nacelle.apiserver.extension.Responder;
import dev.nacelle.apiserver.http.HealthCheck;
import dev.nacelle.apiserver.pipeline.NamespaceLifecycle;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.store.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may come in and what they may do, put together: the API server is started with the parts of
 * it and then handed to {@link #open}. Closing it ends the threads that open began.
 */
public final class AccessControl implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AccessControl.class);
  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 2_000;
  private static final long SEEN_PAUSE_MILLIS = 2;

  /**
   * What access is governed by.
   *
   * @param store of the server
   * @param tokenFile static tokens
   * @param authorizationModes as {@code --authorization-mode} names them
   * @param enabledPlugins as {@code --enable-admission-plugins} names them
   * @param disabledPlugins as {@code --disable-admission-plugins} names them
   * @param random makes names of volumes; safe for any thread
   */
  public record Settings(
      ClusterPki pki,
      Store store,
      Optional<Path> tokenFile,
      List<String> authorizationModes,
      List<String> enabledPlugins,
      List<String> disabledPlugins,
      InstantSource clock,
      RandomGenerator random) {
    public Settings {
      authorizationModes = List.copyOf(authorizationModes);
      enabledPlugins = List.copyOf(enabledPlugins);
      disabledPlugins = List.copyOf(disabledPlugins);
    }
  }

  private final Settings settings;
  private final ClusterView view = new ClusterView();
  private final RbacAuthorizer rbac = new RbacAuthorizer(view);
  private final NodeAuthorizer nodes = new NodeAuthorizer(view, RbacDefaults.nodeRules());
  private final Authorizer authorizer;
  private final CertificateAuthenticator certificates;
  private final BearerAuthenticator bearers;
  private final AdmissionSteps steps;
  private final Map<String, Responder> responders;
  private final TokenKeys keys;
  private final CountDownLatch rolesMade = new CountDownLatch(1);
  private final CountDownLatch prioritiesMade = new CountDownLatch(1);
  private Optional<Thread> thread = Optional.empty();
  private Optional<CertificateSigning> signing = Optional.empty();
  private boolean closed;

  /**
   * @throws IOException if the keys or the tokens cannot be read
   * @throws IllegalArgumentException for an authorization mode or an admission plugin that there is
   *     not
   */
  public static AccessControl of(Settings settings) throws IOException {
    return new AccessControl(settings);
  }

  private AccessControl(Settings settings) throws IOException {
    this.settings = settings;
    this.authorizer = AuthorizationModes.of(settings.authorizationModes(), nodes, rbac);
    this.steps =
        plugins().chosen(settings.enabledPlugins(), settings.disabledPlugins()).then(always());
    InstantSource clock = settings.clock();
    this.keys = new TokenKeys(settings.pki().tokenKeys(), settings.pki().tokenVerifiers());
    var sources = new ArrayList<TokenSource>();
    if (settings.tokenFile().isPresent()) {
      sources.add(StaticTokens.read(settings.tokenFile().get()));
    }
    sources.add(new ServiceAccountTokens(keys, view, clock));
    sources.add(new BootstrapTokens(view, clock));
    this.bearers = new BearerAuthenticator(sources, Set.of(ServiceAccountTokens.ISSUER));
    this.certificates = new CertificateAuthenticator(settings.pki().trusted(), clock);
    var all = new HashMap<String, Responder>(Reviews.of(authorizer, bearers, clock));
    all.put("serviceaccounts/token", new TokenRequests(keys, view, clock));
    this.responders = Map.copyOf(all);
  }

  public Authenticator authenticator() {
    return Authenticator.firstOf(List.of(certificates, bearers));
  }

  /**
   * Whose bearer token this is, for whoever lets people in beside the API.
   *
   * @throws InvalidCredentialsException if it does not hold
   */
  public Identity byToken(String token) throws InvalidCredentialsException {
    return bearers.verify(token, bearers.audiences()).identity();
  }

  /**
   * Whose client certificates these are; the key must have been proved.
   *
   * @throws InvalidCredentialsException if they do not hold
   */
  public Identity byCertificates(List<X509Certificate> chain) throws InvalidCredentialsException {
    return certificates.identify(chain);
  }

  public Authorizer authorizer() {
    return authorizer;
  }

  /** What answers reviews and token requests. */
  public Map<String, Responder> responders() {
    return responders;
  }

  /** The public keys of service-account tokens, as a JSON Web Key Set. */
  public JsonObject tokenKeys() {
    return keys.keySet();
  }

  /** The steps of admission that were chosen, in their order. */
  public AdmissionSteps steps() {
    return steps;
  }

  /** The admission plugins there are. The order is upstream's. */
  private AdmissionSteps plugins() {
    var lifecycle = new NamespaceLifecycle(settings.store());
    var priority = new PriorityStep(view);
    return new AdmissionSteps(
        List.of(
            lifecycle,
            new ServiceAccountStep(view, settings.random()),
            priority,
            new DefaultTolerations()),
        List.of(
            lifecycle,
            new NodeRestriction(view),
            priority,
            new CertificateApprovalStep(authorizer),
            new CertificateSigningStep(authorizer),
            new SubjectRestrictionStep()));
  }

  /** What no flag switches off. */
  private AdmissionSteps always() {
    return new AdmissionSteps(List.of(), List.of(new EscalationStep(rbac, authorizer)));
  }

  /** Ready once roles and bindings are known, and those that every cluster has are made. */
  public List<HealthCheck> health() {
    return List.of(
        new HealthCheck(
            "poststarthook/rbac/bootstrap-roles",
            HealthCheck.Of.READINESS,
            () -> rolesMade.getCount() == 0),
        new HealthCheck(
            "poststarthook/scheduling/bootstrap-system-priority-classes",
            HealthCheck.Of.READINESS,
            () -> prioritiesMade.getCount() == 0));
  }

  /**
   * Lets the judges see the cluster, begins to make what every cluster has, and then to sign
   * certificates. Returns at once.
   *
   * @param client of the server, as one who may do everything
   * @param informers of such a client; the caller closes them
   */
  public void open(ApiClient client, Informers informers) {
    view.open(client, informers);
    rbac.start();
    nodes.start();
    thread =
        Optional.of(
            Thread.ofVirtual().name("access defaults").start(() -> make(client, informers)));
  }

  private void make(ApiClient client, Informers informers) {
    try {
      if (settings.authorizationModes().contains("RBAC")) {
        untilDone("the default roles", () -> RbacDefaults.reconcile(client));
        while (!rbac.hasSeen(RbacDefaults.SELECTOR)) {
          Thread.sleep(SEEN_PAUSE_MILLIS);
        }
      }
      rolesMade.countDown();
      sign(client.as(Identity.controller("certificate-controller")), informers);
      untilDone("the system's priority classes", () -> SystemPriorities.ensure(client));
      prioritiesMade.countDown();
    } catch (InterruptedException e) {
      LOG.debug("the defaults of access are not made: closing");
    }
  }

  private synchronized void sign(ApiClient client, Informers informers) {
    if (!closed) {
      signing =
          Optional.of(
              new CertificateSigning(
                      client, authorizer, settings.pki().authority(), settings.clock())
                  .start(informers.of(Resources.CERTIFICATE_SIGNING_REQUESTS)));
    }
  }

  /**
   * Waits until the default roles are made and requests are judged by them. Whoever holds one of
   * them and asks earlier is refused.
   */
  public void awaitRoles() throws InterruptedException {
    rolesMade.await();
  }

  private interface Work {
    void run() throws InterruptedException;
  }

  /** The namespaces that the roles live in are made at the same time. */
  private static void untilDone(String what, Work work) throws InterruptedException {
    for (long pause = FIRST_PAUSE_MILLIS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS)) {
      try {
        work.run();
        return;
      } catch (ApiException e) {
        if (pause == LONGEST_PAUSE_MILLIS) {
          LOG.warn("cannot make {} yet: {}", what, e.getMessage());
        }
        Thread.sleep(pause);
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    thread.ifPresent(Thread::interrupt);
    signing.ifPresent(CertificateSigning::close);
  }
}
