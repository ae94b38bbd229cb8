package dev.nacelle.apiserver.bootstrap;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.pki.CertificateAuthority;
import dev.nacelle.base.pki.CertificateProfile;
import dev.nacelle.base.pki.KeyPairs;
import dev.nacelle.base.pki.Pem;
import dev.nacelle.base.pki.SubjectAlternatives;
import dev.nacelle.base.pki.SubjectName;
import dev.nacelle.base.pki.TrustedAuthorities;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * The cluster's authority and keys below {@code DIR/cluster/pki}: made at the first start, read at
 * every other. Each file is written whole or not at all; a file that is missing is made. Keys are
 * for the owner alone. Safe for any thread.
 */
public final class ClusterPki {
  private static final Duration AUTHORITY_LIFE = Duration.ofDays(3_650);
  private static final Duration SERVER_LIFE = Duration.ofDays(365);
  private static final Duration CLIENT_LIFE = Duration.ofDays(365);

  private final Path directory;
  private final InstantSource clock;
  private final CertificateAuthority authority;
  private final KeyPair tokenKeys;

  private ClusterPki(
      Path directory, InstantSource clock, CertificateAuthority authority, KeyPair tokenKeys) {
    this.directory = directory;
    this.clock = clock;
    this.authority = authority;
    this.tokenKeys = tokenKeys;
  }

  /**
   * Opens the directory, or makes it and everything in it.
   *
   * @throws IOException if a file cannot be read or written, or is not what it should be
   */
  public static ClusterPki open(Path directory, InstantSource clock) throws IOException {
    Files.createDirectories(directory);
    try {
      return new ClusterPki(directory, clock, authority(directory, clock), tokenKeys(directory));
    } catch (CertificateException e) {
      throw new IOException("cannot use the keys in " + directory + ": " + e.getMessage(), e);
    }
  }

  private static CertificateAuthority authority(Path directory, InstantSource clock)
      throws IOException, CertificateException {
    Path certificate = directory.resolve("ca.crt");
    Path key = directory.resolve("ca.key");
    if (Files.exists(certificate) && Files.exists(key)) {
      return new CertificateAuthority(
          Pem.certificates(Files.readString(certificate)).getFirst(),
          Pem.privateKey(Files.readString(key)));
    }
    // the certificate is written last: with it the authority is complete
    CertificateAuthority made =
        CertificateAuthority.create("nacelle-ca", clock.instant(), AUTHORITY_LIFE);
    write(key, Pem.of(made.key()), DurableFiles.Mode.OWNER);
    write(certificate, Pem.of(made.certificate()), DurableFiles.Mode.EVERYBODY_READS);
    return made;
  }

  private static KeyPair tokenKeys(Path directory) throws IOException, CertificateException {
    Path key = directory.resolve("sa.key");
    Path publicKey = directory.resolve("sa.pub");
    if (Files.exists(key) && Files.exists(publicKey)) {
      return new KeyPair(
          Pem.publicKeys(Files.readString(publicKey)).getFirst(),
          Pem.privateKey(Files.readString(key)));
    }
    KeyPair made = KeyPairs.generateP256();
    write(key, Pem.of(made.getPrivate()), DurableFiles.Mode.OWNER);
    write(publicKey, Pem.of(made.getPublic()), DurableFiles.Mode.EVERYBODY_READS);
    return made;
  }

  /** The authority's certificate, for whoever must trust this cluster. */
  public X509Certificate authorityCertificate() {
    return authority.certificate();
  }

  public String authorityPem() {
    return Pem.of(authority.certificate());
  }

  /** The authority itself, to sign requests with. */
  public CertificateAuthority authority() {
    return authority;
  }

  /** Who is trusted to have signed a client's certificate. */
  public TrustedAuthorities trusted() {
    return new TrustedAuthorities(List.of(authority.certificate()));
  }

  /** The keys that service-account tokens are signed with. */
  public KeyPair tokenKeys() {
    return tokenKeys;
  }

  /**
   * The keys that tokens are believed by: the present one first, then those of {@code sa-old.pub}.
   */
  public List<PublicKey> tokenVerifiers() throws IOException {
    var result = new ArrayList<PublicKey>();
    result.add(tokenKeys.getPublic());
    Path old = directory.resolve("sa-old.pub");
    if (Files.exists(old)) {
      try {
        result.addAll(Pem.publicKeys(Files.readString(old)));
      } catch (CertificateException e) {
        throw new IOException("cannot use " + old + ": " + e.getMessage(), e);
      }
    }
    return List.copyOf(result);
  }

  /**
   * The API server's own certificate for these names; a new one is issued when the names changed or
   * less than a third of its life is left. The supplier gives the renewed one to new connections.
   */
  public Supplier<TlsIdentity> serverIdentity(String fileName, SubjectAlternatives names)
      throws IOException {
    var renewing = new RenewingIdentity(fileName, names);
    renewing.get();
    return renewing;
  }

  /** A fresh client certificate for a user and groups. */
  public TlsIdentity clientIdentity(String user, Collection<String> groups, Duration life) {
    KeyPair keys = KeyPairs.generateP256();
    X509Certificate certificate =
        authority.issue(
            keys.getPublic(),
            CertificateProfile.client(
                new SubjectName(user, List.copyOf(groups)), clock.instant(), life));
    return new TlsIdentity(keys.getPrivate(), List.of(certificate));
  }

  /** A kubeconfig for a user: the certificate is inline and good for a year. */
  public String kubeconfig(String server, String user, Collection<String> groups) {
    return kubeconfig(server, user, clientIdentity(user, groups, CLIENT_LIFE));
  }

  /**
   * The administrator's kubeconfig at a path; written anew when it is missing, for another server,
   * or near its end.
   */
  public void ensureAdminKubeconfig(Path file, String server) throws IOException {
    Path certificate = directory.resolve("admin.crt");
    Path key = directory.resolve("admin.key");
    Optional<TlsIdentity> known = load(certificate, key).filter(this::isFresh);
    TlsIdentity identity;
    if (known.isPresent()) {
      identity = known.get();
    } else {
      identity = clientIdentity("nacelle-admin", List.of("system:masters"), CLIENT_LIFE);
      write(key, Pem.of(identity.key()), DurableFiles.Mode.OWNER);
      write(certificate, Pem.of(identity.chain()), DurableFiles.Mode.EVERYBODY_READS);
    }
    String text = kubeconfig(server, "nacelle-admin", identity);
    if (!Files.exists(file) || !Files.readString(file).equals(text)) {
      write(file, text, DurableFiles.Mode.OWNER);
    }
  }

  private String kubeconfig(String server, String user, TlsIdentity identity) {
    return """
        apiVersion: v1
        kind: Config
        clusters:
        - name: nacelle
          cluster:
            server: %s
            certificate-authority-data: %s
        users:
        - name: "%s"
          user:
            client-certificate-data: %s
            client-key-data: %s
        contexts:
        - name: nacelle
          context:
            cluster: nacelle
            user: "%s"
        current-context: nacelle
        preferences: {}
        """
        .formatted(
            server,
            base64(authorityPem()),
            escape(user),
            base64(Pem.of(identity.chain())),
            base64(Pem.of(identity.key())),
            escape(user));
  }

  private static String escape(String user) {
    return user.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private boolean isFresh(TlsIdentity identity) {
    X509Certificate own = identity.chain().getFirst();
    Instant begin = own.getNotBefore().toInstant();
    Instant end = own.getNotAfter().toInstant();
    Instant now = clock.instant();
    Duration third = Duration.between(begin, end).dividedBy(3);
    return now.isAfter(begin)
        && now.isBefore(end.minus(third))
        && own.getIssuerX500Principal().equals(authority.certificate().getSubjectX500Principal());
  }

  private static Optional<TlsIdentity> load(Path certificate, Path key) throws IOException {
    if (!Files.exists(certificate) || !Files.exists(key)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new TlsIdentity(
              Pem.privateKey(Files.readString(key)),
              Pem.certificates(Files.readString(certificate))));
    } catch (CertificateException e) {
      return Optional.empty();
    }
  }

  private static void write(Path path, String text, DurableFiles.Mode mode) throws IOException {
    DurableFiles.writeAtomically(path, Bytes.utf8(text), mode);
  }

  /** A server certificate that is looked at once an hour. */
  private final class RenewingIdentity implements Supplier<TlsIdentity> {
    private static final Duration LOOK = Duration.ofHours(1);

    private final Path certificate;
    private final Path key;
    private final SubjectAlternatives names;
    private Optional<TlsIdentity> present = Optional.empty();
    private Instant lookedAt = Instant.MIN;

    RenewingIdentity(String fileName, SubjectAlternatives names) {
      this.certificate = directory.resolve(fileName + ".crt");
      this.key = directory.resolve(fileName + ".key");
      this.names = names;
    }

    @Override
    public synchronized TlsIdentity get() {
      Instant now = clock.instant();
      if (present.isPresent() && now.isBefore(lookedAt.plus(LOOK))) {
        return present.get();
      }
      lookedAt = now;
      try {
        if (present.isEmpty()) {
          present = load(certificate, key).filter(this::speaksForAll);
        }
        if (present.filter(ClusterPki.this::isFresh).isEmpty()) {
          present = Optional.of(issue());
        }
      } catch (IOException e) {
        if (present.isEmpty()) {
          throw new UncheckedIOException(e);
        }
      }
      return present.orElseThrow();
    }

    private TlsIdentity issue() throws IOException {
      KeyPair keys = KeyPairs.generateP256();
      X509Certificate issued =
          authority.issue(
              keys.getPublic(),
              CertificateProfile.server(
                  SubjectName.of("kube-apiserver"), names, clock.instant(), SERVER_LIFE));
      // a key without its certificate is remade: the pair is complete with the second file
      Files.deleteIfExists(certificate);
      write(key, Pem.of(keys.getPrivate()), DurableFiles.Mode.OWNER);
      write(certificate, Pem.of(issued), DurableFiles.Mode.EVERYBODY_READS);
      return new TlsIdentity(keys.getPrivate(), List.of(issued));
    }

    private boolean speaksForAll(TlsIdentity identity) {
      try {
        var present = new TreeSet<String>();
        var alternatives = identity.chain().getFirst().getSubjectAlternativeNames();
        if (alternatives != null) {
          alternatives.forEach(a -> present.add(String.valueOf(a.get(1))));
        }
        var wanted = new TreeSet<>(names.dnsNames());
        names.addresses().forEach(a -> wanted.add(a.getHostAddress()));
        return present.equals(wanted);
      } catch (CertificateException e) {
        return false;
      }
    }
  }
}
