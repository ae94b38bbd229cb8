package dev.nacelle.app;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.task.Threads;
import dev.nacelle.image.registry.ClusterRegistry;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A further host's look at where the cluster's registry is: at once, and from time to time. Pulls
 * and pushes as the node. Closing ends its thread.
 */
final class RegistryFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryFollower.class);
  private static final Duration LOOK = Duration.ofSeconds(30);

  private final ApiClient client;
  private final List<X509Certificate> authorities;
  private final Supplier<TlsIdentity> identity;
  private final Consumer<Optional<ClusterRegistry>> told;
  private final Thread thread;

  /** Of the one thread that looks. */
  private Optional<RegistryHosting> known = Optional.empty();

  private RegistryFollower(
      ApiClient client,
      List<X509Certificate> authorities,
      Supplier<TlsIdentity> identity,
      Consumer<Optional<ClusterRegistry>> told) {
    this.client = client;
    this.authorities = List.copyOf(authorities);
    this.identity = identity;
    this.told = told;
    look();
    this.thread = new Threads("registry").startVirtual("look", this::run);
  }

  /**
   * Looks once, then goes on beside.
   *
   * @param client speaks as the node
   */
  static RegistryFollower start(
      ApiClient client,
      List<X509Certificate> authorities,
      Supplier<TlsIdentity> identity,
      Consumer<Optional<ClusterRegistry>> told) {
    return new RegistryFollower(client, authorities, identity, told);
  }

  private void look() {
    try {
      Optional<RegistryHosting> found = RegistryHosting.of(client);
      if (!found.equals(known)) {
        known = found;
        told.accept(
            found.map(
                at -> new ClusterRegistry(at.at(), at.names(), authorities, identity, identity)));
      }
    } catch (ApiException e) {
      // what was known before still holds
      LOG.debug("cannot ask where the cluster's registry is: {}", e.getMessage());
    }
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(LOOK);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
