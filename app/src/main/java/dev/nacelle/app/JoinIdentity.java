package dev.nacelle.app;

import dev.nacelle.base.http.TlsIdentity;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * A key and certificate that are replaced before they end. Read by any thread, written by the one
 * that renews.
 */
final class JoinIdentity implements Supplier<TlsIdentity> {
  private volatile TlsIdentity present;

  JoinIdentity(TlsIdentity first) {
    present = first;
  }

  @Override
  public TlsIdentity get() {
    return present;
  }

  void replace(TlsIdentity next) {
    present = next;
  }

  /** Less than a third of its life is left. */
  static boolean isDue(TlsIdentity identity, Instant now) {
    X509Certificate own = identity.chain().getFirst();
    Instant end = own.getNotAfter().toInstant();
    Duration life = Duration.between(own.getNotBefore().toInstant(), end);
    return !now.isBefore(end.minus(life.dividedBy(3)));
  }

  static boolean isExpired(TlsIdentity identity, Instant now) {
    return !now.isBefore(identity.chain().getFirst().getNotAfter().toInstant());
  }
}
