package dev.nacelle.app;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.apiserver.ApiServer;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.apiserver.audit.Audit;
import dev.nacelle.apiserver.bootstrap.AccessControl;
import dev.nacelle.apiserver.bootstrap.ClusterPki;
import dev.nacelle.apiserver.gateway.NodeGateway;
import dev.nacelle.base.http.EventLoops;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.image.distribution.RegistryAccess;
import dev.nacelle.store.Store;
import java.io.IOException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Who may come in, and what they may do, as the options say it. */
final class Access {
  private final InstantSource clock;
  private final SecureRandom random = new SecureRandom();
  private final Metrics metrics;
  private final Optional<Audit> audit;
  private final AccessControl control;

  /**
   * @throws StartException if an option names what there is not
   */
  Access(ClusterPki pki, Store store, UpOptions options, Metrics metrics, InstantSource clock)
      throws IOException, StartException {
    this.clock = clock;
    this.metrics = metrics;
    try {
      this.audit = audit(options);
      this.control =
          AccessControl.of(
              new AccessControl.Settings(
                  pki,
                  store,
                  options.tokenFile,
                  options.authorizationModes,
                  options.enabledPlugins,
                  options.disabledPlugins,
                  clock,
                  random));
    } catch (IllegalArgumentException e) {
      throw new StartException(String.valueOf(e.getMessage()), e);
    }
  }

  private Optional<Audit> audit(UpOptions options) throws IOException {
    if (options.auditPolicy.isEmpty() || options.auditLog.isEmpty()) {
      if (options.auditPolicy.isPresent() || options.auditLog.isPresent()) {
        LoggerFactory.getLogger(Access.class)
            .warn("no audit: it takes both --audit-policy-file and --audit-log-path");
      }
      return Optional.empty();
    }
    return Optional.of(
        Audit.open(
            new Audit.Options(
                options.auditPolicy.get(),
                options.auditLog.get(),
                options.auditLogSize,
                options.auditLogBackups,
                options.auditLogAge),
            clock,
            metrics));
  }

  /**
   * The parts of an API server.
   *
   * @param accepted the last step of admission
   */
  ApiServer.Parts parts(
      Store store, EventLoops loops, NodeGateway gateway, ValidatingStep accepted) {
    return new ApiServer.Parts(
        store,
        BuiltInKinds.all(),
        control.authenticator(),
        control.authorizer(),
        control.steps().then(new AdmissionSteps(List.of(), List.of(accepted))),
        control.responders(),
        Optional.of(control.tokenKeys()),
        gateway,
        audit,
        control.health(),
        loops,
        metrics,
        clock,
        random);
  }

  /** Who may come into the registry: those who may come to the API. */
  RegistryAccess registry() {
    return new ClusterRegistryAccess(
        new ClusterRegistryAccess.People() {
          @Override
          public Identity byToken(String token) throws InvalidCredentialsException {
            return control.byToken(token);
          }

          @Override
          public Identity byCertificates(List<X509Certificate> chain)
              throws InvalidCredentialsException {
            return control.byCertificates(chain);
          }
        },
        control.authorizer());
  }

  /** What must be closed after the server. */
  void addTo(Platform platform) {
    audit.ifPresent(log -> platform.add("audit", log::close));
  }

  /**
   * Lets access control see the cluster; until then, whoever needs that waits.
   *
   * @param informers of one who may do everything; shared
   */
  void open(ApiServer server, Informers informers, Platform platform) {
    platform.add("access", control::close);
    control.open(server.client(Identity.system("apiserver")), informers);
  }

  /** Waits until the controllers may do what they are for. */
  void awaitRoles() throws InterruptedException {
    control.awaitRoles();
  }
}
