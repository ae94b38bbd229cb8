package dev.nacelle.base.http;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A private key and its certificate chain, the own certificate first. Servers and clients take it
 * from a {@code Supplier<TlsIdentity>} for each new connection, so a renewed one needs no restart;
 * the supplier must be cheap, and return the same instance while nothing changed.
 */
public record TlsIdentity(PrivateKey key, List<X509Certificate> chain) {
  public TlsIdentity {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("a TLS identity needs a certificate");
    }
  }
}
