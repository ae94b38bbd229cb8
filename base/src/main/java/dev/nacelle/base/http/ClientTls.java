package dev.nacelle.base.http;

import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** The TLS of a client, on the JDK's. Sessions are resumed. Safe for any thread. */
final class ClientTls {
  private final SSLContext context;
  private final boolean checksHost;

  /** Whom a client trusts. */
  sealed interface Trust {
    record Platform() implements Trust {}

    record Anybody() implements Trust {}

    record Authorities(List<X509Certificate> certificates) implements Trust {}
  }

  ClientTls(Trust trust, Optional<Supplier<TlsIdentity>> identity) {
    try {
      context = SSLContext.getInstance("TLS");
      KeyManager[] keys =
          identity.map(source -> new KeyManager[] {new SuppliedKey(source)}).orElse(null);
      context.init(keys, managers(trust), null);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("cannot set up TLS: " + e.getMessage(), e);
    }
    checksHost = !(trust instanceof Trust.Anybody);
  }

  private static TrustManager @Nullable [] managers(Trust trust)
      throws GeneralSecurityException, IOException {
    return switch (trust) {
      case Trust.Platform p -> null;
      case Trust.Anybody a -> new TrustManager[] {new UncheckedTrust()};
      case Trust.Authorities(var certificates) -> {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        for (int i = 0; i < certificates.size(); i++) {
          store.setCertificateEntry("ca-" + i, certificates.get(i));
        }
        var factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        yield factory.getTrustManagers();
      }
    };
  }

  /** Puts TLS over a connected socket and shakes hands. */
  Socket secure(Socket socket, Origin origin) throws IOException {
    SSLSocket secured =
        (SSLSocket)
            context.getSocketFactory().createSocket(socket, origin.host(), origin.port(), true);
    var parameters = secured.getSSLParameters();
    parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
    parameters.setApplicationProtocols(new String[] {"http/1.1"});
    if (checksHost) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
    }
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    return secured;
  }

  /** Shows whatever identity is the present one. */
  private static final class SuppliedKey extends X509ExtendedKeyManager {
    private static final String ALIAS = "supplied";
    private final Supplier<TlsIdentity> source;

    SuppliedKey(Supplier<TlsIdentity> source) {
      this.source = source;
    }

    @Override
    public @Nullable String chooseClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
      String algorithm = source.get().key().getAlgorithm();
      for (String type : keyTypes) {
        if (type.startsWith(algorithm)) {
          return ALIAS;
        }
      }
      return null;
    }

    @Override
    public @Nullable String chooseEngineClientAlias(
        String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
      return chooseClientAlias(keyTypes, issuers, null);
    }

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
      return new String[] {ALIAS};
    }

    @Override
    public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
      return null;
    }

    @Override
    public @Nullable String chooseServerAlias(
        String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
      return null;
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return source.get().chain().toArray(new X509Certificate[0]);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return source.get().key();
    }
  }
}
