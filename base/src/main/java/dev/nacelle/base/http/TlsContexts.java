package dev.nacelle.base.http;

import io.netty.handler.codec.http2.Http2SecurityUtil;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import io.netty.util.ReferenceCountUtil;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;

/** The TLS context of a server, made anew when its identity changes. Safe for any thread. */
final class TlsContexts implements AutoCloseable {
  private static final int SESSION_SECONDS = 3600;

  private final ServerTls tls;
  private final SslProvider provider =
      OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK;

  /** One key for all contexts: sessions survive a renewed certificate. */
  private final OpenSslSessionTicketKey ticketKey = ticketKey();

  /** Those before the last may have handshakes under way; renewals are rare enough to keep all. */
  private final List<SslContext> made = new ArrayList<>();

  private volatile Current current;

  private record Current(TlsIdentity identity, SslContext context) {}

  /**
   * @throws SSLException if key and certificate cannot be used
   */
  TlsContexts(ServerTls tls) throws SSLException {
    this.tls = tls;
    TlsIdentity identity = tls.identity().get();
    current = new Current(identity, make(identity));
  }

  private static OpenSslSessionTicketKey ticketKey() {
    var random = new SecureRandom();
    byte[] name = new byte[OpenSslSessionTicketKey.NAME_SIZE];
    byte[] hmac = new byte[OpenSslSessionTicketKey.HMAC_KEY_SIZE];
    byte[] aes = new byte[OpenSslSessionTicketKey.AES_KEY_SIZE];
    random.nextBytes(name);
    random.nextBytes(hmac);
    random.nextBytes(aes);
    return new OpenSslSessionTicketKey(name, hmac, aes);
  }

  /** The context for a new connection. */
  SslContext present() throws SSLException {
    TlsIdentity identity = tls.identity().get();
    Current known = current;
    return known.identity() == identity ? known.context() : renew(identity);
  }

  private synchronized SslContext renew(TlsIdentity identity) throws SSLException {
    if (current.identity() != identity) {
      current = new Current(identity, make(identity));
    }
    return current.context();
  }

  private SslContext make(TlsIdentity identity) throws SSLException {
    SslContextBuilder builder =
        SslContextBuilder.forServer(identity.key(), identity.chain())
            .sslProvider(provider)
            .protocols("TLSv1.3", "TLSv1.2")
            .ciphers(Http2SecurityUtil.CIPHERS, SupportedCipherSuiteFilter.INSTANCE)
            .sessionTimeout(SESSION_SECONDS)
            .applicationProtocolConfig(
                new ApplicationProtocolConfig(
                    Protocol.ALPN,
                    SelectorFailureBehavior.NO_ADVERTISE,
                    SelectedListenerFailureBehavior.ACCEPT,
                    ApplicationProtocolNames.HTTP_2,
                    ApplicationProtocolNames.HTTP_1_1));
    if (tls.clientCertificates() == ServerTls.ClientCertificates.REQUESTED) {
      builder.clientAuth(ClientAuth.OPTIONAL).trustManager(new UncheckedTrust());
    }
    SslContext context = builder.build();
    if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
      sessions.setTicketKeys(ticketKey);
    }
    made.add(context);
    return context;
  }

  /** After the last connection has closed. */
  @Override
  public synchronized void close() {
    made.forEach(ReferenceCountUtil::release);
    made.clear();
  }
}
