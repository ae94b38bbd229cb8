package dev.nacelle.base.http;

import dev.nacelle.base.pki.CertificateAuthority;
import dev.nacelle.base.pki.CertificateProfile;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A server on loopback with certificates of its own, and what its clients need. */
final class TestServer implements AutoCloseable {
  static final CertificateAuthority CA =
      CertificateAuthority.create("test-ca", Instant.now(), Duration.ofDays(1));

  private final EventLoops loops = EventLoops.start(1);
  final HttpServer server;
  private final String scheme;

  private TestServer(HttpHandler handler, Optional<ServerTls> tls, HttpLimits limits)
      throws IOException {
    var builder = HttpServer.builder(loops, handler).limits(limits);
    tls.ifPresent(builder::tls);
    server = builder.start();
    scheme = tls.isPresent() ? "https" : "http";
  }

  static TestServer plain(HttpHandler handler) throws IOException {
    return new TestServer(handler, Optional.empty(), HttpLimits.DEFAULT);
  }

  static TestServer plain(HttpHandler handler, HttpLimits limits) throws IOException {
    return new TestServer(handler, Optional.empty(), limits);
  }

  static TestServer tls(HttpHandler handler) throws IOException {
    TlsIdentity identity = serverIdentity("server");
    return tls(handler, new ServerTls(() -> identity, ServerTls.ClientCertificates.REQUESTED));
  }

  static TestServer tls(HttpHandler handler, ServerTls tls) throws IOException {
    return new TestServer(handler, Optional.of(tls), HttpLimits.DEFAULT);
  }

  static TlsIdentity serverIdentity(String name) {
    var keys = KeyPairs.generateP256();
    var names =
        new SubjectAlternatives(List.of("localhost"), List.of(InetAddress.ofLiteral("127.0.0.1")));
    X509Certificate certificate =
        CA.issue(
            keys.getPublic(),
            CertificateProfile.server(
                SubjectName.of(name), names, Instant.now(), Duration.ofHours(1)));
    return new TlsIdentity(keys.getPrivate(), List.of(certificate));
  }

  static TlsIdentity clientIdentity(String name, String... groups) {
    var keys = KeyPairs.generateP256();
    X509Certificate certificate =
        CA.issue(
            keys.getPublic(),
            CertificateProfile.client(
                SubjectName.of(name, groups), Instant.now(), Duration.ofHours(1)));
    return new TlsIdentity(keys.getPrivate(), List.of(certificate));
  }

  URI uri(String path) {
    return URI.create(scheme + "://127.0.0.1:" + server.port() + path);
  }

  Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), server.port());
  }

  static HttpClient.Builder client() {
    return HttpClient.builder().trust(List.of(CA.certificate()));
  }

  /** The JDK's own client, a foreign one. */
  static java.net.http.HttpClient foreign(
      java.net.http.HttpClient.Version version, Optional<TlsIdentity> identity) {
    return java.net.http.HttpClient.newBuilder()
        .version(version)
        .sslContext(sslContext(identity))
        .build();
  }

  static SSLContext sslContext(Optional<TlsIdentity> identity) {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("ca", CA.certificate());
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      if (identity.isPresent()) {
        own.setKeyEntry(
            "own",
            identity.get().key(),
            new char[0],
            identity.get().chain().toArray(new X509Certificate[0]));
      }
      var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, new char[0]);
      var context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.close();
    loops.close();
  }
}
