package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.http.TlsIdentity;
import dev.nacelle.base.pki.Pem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * The keys of a host that has joined, in {@code DIR/node/pki}. A key and its certificate are one
 * file, so that they are always of each other; a file is whole or not there.
 */
record JoinKeys(Path directory) {
  static final String CLIENT = "client";
  static final String SERVING = "serving";

  /** Whose cluster it is; empty before the first join. */
  Optional<List<X509Certificate>> authorities() throws StartException {
    Path file = directory.resolve("ca.crt");
    try {
      return Files.exists(file)
          ? Optional.of(Pem.certificates(Files.readString(file)))
          : Optional.empty();
    } catch (IOException | CertificateException e) {
      throw unusable(file, e);
    }
  }

  void authorities(List<X509Certificate> certificates) throws StartException {
    write(directory.resolve("ca.crt"), Pem.of(certificates), DurableFiles.Mode.EVERYBODY_READS);
  }

  /** The key and certificates of a name, empty where there are none. */
  Optional<TlsIdentity> identity(String name) throws StartException {
    Path file = file(name);
    try {
      if (!Files.exists(file)) {
        return Optional.empty();
      }
      String text = Files.readString(file);
      return Optional.of(new TlsIdentity(Pem.privateKey(text), Pem.certificates(text)));
    } catch (IOException | CertificateException e) {
      throw unusable(file, e);
    }
  }

  void identity(String name, TlsIdentity identity) throws StartException {
    write(file(name), Pem.of(identity.key()) + Pem.of(identity.chain()), DurableFiles.Mode.OWNER);
  }

  private Path file(String name) {
    return directory.resolve(name + ".pem");
  }

  private static void write(Path file, String text, DurableFiles.Mode mode) throws StartException {
    try {
      Files.createDirectories(file.resolveSibling(""));
      DurableFiles.writeAtomically(file, Bytes.utf8(text), mode);
    } catch (IOException e) {
      throw new StartException("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  private static StartException unusable(Path file, Exception cause) {
    return new StartException("cannot use " + file + ": " + cause.getMessage(), cause);
  }
}
