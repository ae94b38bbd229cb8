package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.kernel.mount.ExtendedAttributes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Describes a directory tree file by file, so that two trees can be compared. */
public final class FileTree {
  private FileTree() {}

  /** One line a file: all that an image must keep. Modification times of directories included. */
  public static Map<String, String> describe(Path root) throws IOException {
    var result = new TreeMap<String, String>();
    var inodes = new HashMap<Object, String>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.sorted().toList()) {
        String name = root.relativize(path).toString();
        result.put(name, line(path, name, inodes));
      }
    }
    return result;
  }

  private static String line(Path path, String name, Map<Object, String> inodes)
      throws IOException {
    Map<String, Object> a = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
    var line = new StringBuilder();
    line.append(Integer.toOctalString((Integer) Objects.requireNonNull(a.get("mode"))));
    line.append(' ').append(a.get("uid")).append(':').append(a.get("gid"));
    line.append(' ').append(a.get("lastModifiedTime"));
    line.append(" rdev ").append(a.get("rdev"));
    boolean directory = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    if (!directory) {
      line.append(" links ").append(a.get("nlink"));
      line.append(" same as ").append(inodes.computeIfAbsent(a.get("ino"), i -> name));
    }
    if (Files.isSymbolicLink(path)) {
      line.append(" -> ").append(Files.readSymbolicLink(path));
    } else if (Files.isRegularFile(path)) {
      line.append(" size ").append(Files.size(path)).append(' ').append(hash(path));
    }
    for (Map.Entry<String, Bytes> x : ExtendedAttributes.read(path).entrySet()) {
      line.append(' ').append(x.getKey()).append('=');
      line.append(HexFormat.of().formatHex(x.getValue().toByteArray()));
    }
    return line.toString();
  }

  private static String hash(Path file) throws IOException {
    MessageDigest digest = Sha256.newDigest();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return Sha256.text(digest);
  }
}
