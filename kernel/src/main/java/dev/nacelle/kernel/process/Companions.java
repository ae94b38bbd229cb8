package dev.nacelle.kernel.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The native programs as files, taken out of the jar: the name carries a hash of the content, so
 * that a running program is never overwritten by another version.
 */
public record Companions(Path keeper, Path monitor) {

  /** Takes both out into {@code directory}, which is made; files that are there are reused. */
  public static Companions extract(Path directory) {
    try {
      Files.createDirectories(directory);
      return new Companions(extract(directory, "keeper"), extract(directory, "monitor"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot extract keeper and monitor to " + directory, e);
    }
  }

  private static Path extract(Path directory, String name) throws IOException {
    String architecture = System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86_64";
    String resource = "/native/" + architecture + "/" + name;
    byte[] program;
    try (InputStream in = Companions.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("this build has no " + name + " for " + architecture);
      }
      program = in.readAllBytes();
    }
    Path target = directory.resolve(name + "-" + hash(program));
    if (!Files.isExecutable(target)) {
      Path temporary = Files.createTempFile(directory, name, ".new");
      Files.write(temporary, program);
      Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }
    return target;
  }

  private static String hash(byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
