package dev.nacelle.base.http;

import java.util.function.Supplier;

/** How a server speaks TLS (1.2 and 1.3). */
public record ServerTls(Supplier<TlsIdentity> identity, ClientCertificates clientCertificates) {
  /** Whether clients are asked for a certificate. */
  public enum ClientCertificates {
    IGNORED,
    /** Asked for, not required, and not checked: {@link HttpExchange#peerCertificates}. */
    REQUESTED
  }
}
