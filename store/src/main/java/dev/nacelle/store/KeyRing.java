package dev.nacelle.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * The keys of an {@link AesGcmCodec}, in a file of mode 0600: a line for each, "id base64" with 32
 * bytes. The first key writes, all of them read. To rotate: {@link #addKey}, restart, write every
 * value anew, and only then take the old line out.
 */
public final class KeyRing {
  private static final int KEY_BYTES = 32;
  private static final int MAX_FILE_BYTES = 64 << 10;
  private static final Pattern LINE = Pattern.compile("([a-zA-Z0-9-]{1,32}) +([A-Za-z0-9+/=]{44})");
  private static final Set<PosixFilePermission> OWNER_ONLY =
      Set.copyOf(EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));

  /** One key; printing it does not show the secret. */
  record Key(String id, SecretKey secret) {
    @Override
    public String toString() {
      return "Key[" + id + "]";
    }
  }

  private final List<Key> keys;

  private KeyRing(List<Key> keys) {
    this.keys = List.copyOf(keys);
  }

  /**
   * Reads the file, or makes it with one random key.
   *
   * @throws StoreException if others may read the file, or it is not well formed
   */
  public static KeyRing loadOrCreate(Path file) {
    try {
      if (!Files.exists(file)) {
        write(file, List.of(fresh(1)));
      }
      return load(file);
    } catch (IOException e) {
      throw cannot(file, e.toString());
    }
  }

  /** Puts a new random key first into the file and returns the whole ring. */
  public static KeyRing addKey(Path file) {
    KeyRing old = loadOrCreate(file);
    List<String> lines = new ArrayList<>();
    int number = old.keys.size() + 1;
    while (old.find("key" + number).isPresent()) {
      number++;
    }
    lines.add(fresh(number));
    old.keys.forEach(key -> lines.add(line(key.id(), key.secret().getEncoded())));
    try {
      write(file, lines);
      return load(file);
    } catch (IOException e) {
      throw cannot(file, e.toString());
    }
  }

  private static KeyRing load(Path file) throws IOException {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    permissions.addAll(Files.getPosixFilePermissions(file));
    permissions.removeAll(OWNER_ONLY);
    if (!permissions.isEmpty()) {
      throw cannot(file, "others may use it; chmod 600 it");
    }
    if (Files.size(file) > MAX_FILE_BYTES) {
      throw cannot(file, "it is too large");
    }
    List<Key> keys = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
      if (!line.isBlank()) {
        keys.add(parse(file, line.strip()));
      }
    }
    if (keys.isEmpty()) {
      throw cannot(file, "it holds no key");
    }
    if (keys.stream().map(Key::id).distinct().count() < keys.size()) {
      throw cannot(file, "two keys have the same id");
    }
    return new KeyRing(keys);
  }

  private static Key parse(Path file, String line) {
    var matcher = LINE.matcher(line);
    if (matcher.matches()) {
      try {
        byte[] secret = Base64.getDecoder().decode(matcher.group(2));
        if (secret.length == KEY_BYTES) {
          return new Key(matcher.group(1), new SecretKeySpec(secret, "AES"));
        }
      } catch (IllegalArgumentException _) {
        throw cannot(file, "a line is not \"id base64-of-32-bytes\"");
      }
    }
    throw cannot(file, "a line is not \"id base64-of-32-bytes\"");
  }

  private static String fresh(int number) {
    byte[] secret = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(secret);
    return line("key" + number, secret);
  }

  private static String line(String id, byte[] secret) {
    return id + " " + Base64.getEncoder().encodeToString(secret) + "\n";
  }

  private static void write(Path file, List<String> lines) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    FileAttribute<?> mode = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
    try (FileChannel out =
        FileChannel.open(
            fresh, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mode)) {
      ByteBuffer text = ByteBuffer.wrap(String.join("", lines).getBytes(StandardCharsets.US_ASCII));
      while (text.hasRemaining()) {
        out.write(text);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
        entries.force(true);
      }
    }
  }

  private static StoreException cannot(Path file, String why) {
    return new StoreException("cannot use key file %s: %s".formatted(file, why));
  }

  Key writing() {
    return keys.getFirst();
  }

  Optional<Key> find(String id) {
    return keys.stream().filter(key -> key.id().equals(id)).findFirst();
  }
}
