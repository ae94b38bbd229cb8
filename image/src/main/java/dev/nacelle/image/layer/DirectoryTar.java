package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.TarEntry.Extent;
import dev.nacelle.image.layer.TarEntry.Type;
import dev.nacelle.kernel.mount.ExtendedAttributes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A directory tree as a tar stream, read as it is consumed: names sorted; ownership, modes, times,
 * hard links, devices and extended attributes kept; sockets left out. The tree must not change
 * meanwhile.
 */
public final class DirectoryTar {
  private static final int TYPE_MASK = 0170000;
  private static final String OPAQUE_XATTR = "trusted.overlay.opaque";

  /** What the tree is. */
  private enum Kind {
    /** A root filesystem: all is as it seems. */
    TREE,
    /** The mount of a layer: whiteouts are written as such. */
    LAYER
  }

  private final Path root;
  private final ArrayDeque<Path> todo = new ArrayDeque<>();
  private final Map<String, String> hardLinks = new HashMap<>();

  private final Kind kind;
  private boolean ended;

  private DirectoryTar(Path root, Kind kind) {
    this.root = root;
    this.kind = kind;
    todo.push(root);
  }

  /** The stream; reads throw {@link IOException} when a file cannot be read or has changed size. */
  public static InputStream open(Path root) throws IOException {
    return open(root, Kind.TREE);
  }

  /**
   * The stream of a mounted layer, which as a layer is this one again. A layer that was made of a
   * directory gives the same bytes as that did; of others the bytes are lost, and the diff id is
   * another.
   */
  public static InputStream ofLayer(Path mount) throws IOException {
    return open(mount, Kind.LAYER);
  }

  private static InputStream open(Path root, Kind kind) {
    var tar = new DirectoryTar(root, kind);
    return new Concatenation(tar::nextPart);
  }

  /** The header and contents of the next file; at the end two zero blocks, then nothing. */
  private Optional<InputStream> nextPart() throws IOException {
    while (!todo.isEmpty()) {
      Path path = todo.pop();
      Map<String, Object> attributes =
          Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
      int mode = number(attributes, "mode").intValue();
      Optional<Type> type = type(mode & TYPE_MASK);
      if (type.isEmpty()) {
        continue;
      }
      if (type.get() == Type.DIRECTORY) {
        pushChildren(path);
      }
      TarEntry entry = entry(path, type.get(), mode, attributes);
      if (kind == Kind.LAYER && type.get() == Type.CHARACTER_DEVICE && isZero(attributes)) {
        return Optional.of(encoded(whiteout(entry.path())));
      }
      InputStream header = encoded(entry);
      if (kind == Kind.LAYER && isOpaque(path, type.get())) {
        return Optional.of(new java.io.SequenceInputStream(header, encoded(opaque(entry.path()))));
      }
      if (entry.type() != Type.FILE || entry.sizeBytes() == 0) {
        return Optional.of(header);
      }
      var body = new ExactFile(path, entry.sizeBytes());
      return Optional.of(new java.io.SequenceInputStream(header, body));
    }
    if (ended) {
      return Optional.empty();
    }
    ended = true;
    return Optional.of(new ByteArrayInputStream(new byte[2 * TarHeader.BLOCK]));
  }

  private static InputStream encoded(TarEntry entry) {
    return new ByteArrayInputStream(TarHeaders.encode(entry));
  }

  private static boolean isZero(Map<String, Object> attributes) {
    return number(attributes, "rdev").longValue() == 0;
  }

  private static boolean isOpaque(Path path, Type type) {
    return type == Type.DIRECTORY && ExtendedAttributes.read(path).containsKey(OPAQUE_XATTR);
  }

  private static TarEntry whiteout(String path) {
    int name = path.lastIndexOf('/') + 1;
    return mark(path.substring(0, name) + LayerTree.WHITEOUT + path.substring(name));
  }

  private static TarEntry opaque(String directory) {
    return mark((directory.equals("./") ? "" : directory) + LayerTree.OPAQUE);
  }

  private static TarEntry mark(String path) {
    return new TarEntry(Type.FILE, path, "", 0, 0, 0, 0, 0, 0, 0, 0, List.of(), Map.of());
  }

  private void pushChildren(Path directory) throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      children
          .sorted(Comparator.comparing((Path p) -> byteString(p.getFileName())).reversed())
          .forEach(todo::push);
    }
  }

  private TarEntry entry(Path path, Type type, int mode, Map<String, Object> attributes)
      throws IOException {
    String name = byteString(root.relativize(path));
    String link = "";
    Type written = type;
    if (type == Type.SYMBOLIC_LINK) {
      link = byteString(Files.readSymbolicLink(path));
    } else if (type != Type.DIRECTORY && number(attributes, "nlink").intValue() > 1) {
      String id = attributes.get("dev") + ":" + attributes.get("ino");
      String first = hardLinks.putIfAbsent(id, name);
      if (first != null) {
        written = Type.HARD_LINK;
        link = first;
      }
    }
    long size = written == Type.FILE ? number(attributes, "size").longValue() : 0;
    long device = number(attributes, "rdev").longValue();
    boolean isDevice = type == Type.CHARACTER_DEVICE || type == Type.BLOCK_DEVICE;
    long nanos =
        Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).to(TimeUnit.NANOSECONDS);
    String shownName = type == Type.DIRECTORY ? (name.isEmpty() ? "./" : name + "/") : name;
    return new TarEntry(
        written,
        shownName,
        link,
        mode & 07777,
        number(attributes, "uid").intValue(),
        number(attributes, "gid").intValue(),
        Math.floorDiv(nanos, 1_000_000_000L),
        (int) Math.floorMod(nanos, 1_000_000_000L),
        size,
        isDevice ? major(device) : 0,
        isDevice ? minor(device) : 0,
        size == 0 ? List.of() : List.of(new Extent(0, size)),
        written == Type.HARD_LINK ? Map.of() : xattrs(path));
  }

  private static Number number(Map<String, Object> attributes, String name) {
    if (attributes.get(name) instanceof Number value) {
      return value;
    }
    throw new IllegalStateException("the platform does not tell " + name + " of a file");
  }

  private Map<String, Bytes> xattrs(Path path) {
    var kept = new TreeMap<>(ExtendedAttributes.read(path));
    kept.keySet().removeIf(name -> name.indexOf('=') >= 0 || !ErofsXattrs.isKept(name));
    if (kind == Kind.LAYER) {
      kept.remove(OPAQUE_XATTR); // written as a name
    }
    return kept;
  }

  private static Optional<Type> type(int bits) {
    return switch (bits) {
      case LayerNode.FILE -> Optional.of(Type.FILE);
      case LayerNode.DIRECTORY -> Optional.of(Type.DIRECTORY);
      case LayerNode.SYMBOLIC_LINK -> Optional.of(Type.SYMBOLIC_LINK);
      case LayerNode.CHARACTER_DEVICE -> Optional.of(Type.CHARACTER_DEVICE);
      case LayerNode.BLOCK_DEVICE -> Optional.of(Type.BLOCK_DEVICE);
      case LayerNode.FIFO -> Optional.of(Type.FIFO);
      default -> Optional.empty();
    };
  }

  private static int major(long device) {
    return (int) ((device >> 8 & 0xfff) | (device >> 32 & ~0xfffL));
  }

  private static int minor(long device) {
    return (int) ((device & 0xff) | (device >> 12 & ~0xffL));
  }

  private static String byteString(Path path) {
    return new String(
        path.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /** A file's bytes, as many as its header said, and the padding to a whole block. */
  private static final class ExactFile extends InputStream {
    private final Path path;
    private final InputStream file;
    private long left;
    private int padding;

    ExactFile(Path path, long size) throws IOException {
      this.path = path;
      this.file = Files.newInputStream(path);
      this.left = size;
      this.padding = (int) (-size & (TarHeader.BLOCK - 1));
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (left > 0) {
        int got = file.read(into, offset, (int) Math.min(length, left));
        if (got < 0) {
          throw new IOException("cannot import " + path + ": it became shorter while it was read");
        }
        left -= got;
        return got;
      }
      if (padding == 0) {
        return -1;
      }
      int count = Math.min(length, padding);
      java.util.Arrays.fill(into, offset, offset + count, (byte) 0);
      padding -= count;
      return count;
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  /** Streams one after the other, each opened when the one before has ended. */
  private static final class Concatenation extends InputStream {
    @FunctionalInterface
    private interface Parts {
      Optional<InputStream> next() throws IOException;
    }

    private final Parts parts;
    private InputStream current = InputStream.nullInputStream();

    Concatenation(Parts parts) {
      this.parts = parts;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      while (true) {
        int got = current.read(into, offset, length);
        if (got >= 0) {
          return got;
        }
        current.close();
        Optional<InputStream> next = parts.next();
        if (next.isEmpty()) {
          current = InputStream.nullInputStream();
          return -1;
        }
        current = next.get();
      }
    }

    @Override
    public void close() throws IOException {
      current.close();
    }
  }
}
