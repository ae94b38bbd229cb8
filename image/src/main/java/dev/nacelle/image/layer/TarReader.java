package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.TarEntry.Extent;
import dev.nacelle.image.layer.TarEntry.Type;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a tar as a stream: v7, ustar, pax and GNU, with long names, extended attributes and all
 * four sparse formats. Bounded: a pax header or a long name has at most 1 MiB. For one thread.
 */
final class TarReader {
  private static final int BLOCK = TarHeader.BLOCK;
  private static final int MAX_EXTENSION_BYTES = 1 << 20;

  private final InputStream in;
  private final byte[] block = new byte[BLOCK];
  private final byte[] skipped = new byte[1 << 16];

  /** Bytes of the entry's data not yet read, and of the padding behind it. */
  private long dataLeft;

  private long paddingLeft;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** The next entry; empty at the end, when the rest of the stream has been read too. */
  Optional<TarEntry> next() throws IOException {
    skip(dataLeft + paddingLeft);
    dataLeft = 0;
    paddingLeft = 0;
    PaxRecords pax = PaxRecords.NONE;
    Optional<String> longName = Optional.empty();
    Optional<String> longLink = Optional.empty();
    while (true) {
      int got = in.readNBytes(block, 0, BLOCK);
      if (got == 0) {
        return Optional.empty();
      }
      if (got < BLOCK) {
        throw truncated();
      }
      if (TarHeader.isZero(block)) {
        in.transferTo(java.io.OutputStream.nullOutputStream());
        return Optional.empty();
      }
      TarHeader header = new TarHeader(block.clone());
      switch (header.type()) {
        case 'x' -> pax = PaxRecords.parse(extension(header.size()));
        case 'g', 'V' -> extension(header.size());
        case 'L' -> longName = Optional.of(cString(extension(header.size())));
        case 'K' -> longLink = Optional.of(cString(extension(header.size())));
        default -> {
          return Optional.of(entry(header, pax, longName, longLink));
        }
      }
    }
  }

  /** Reads data of the current entry; -1 at its end. */
  int read(byte[] into, int offset, int length) throws IOException {
    if (dataLeft == 0) {
      return -1;
    }
    int got = in.read(into, offset, (int) Math.min(length, dataLeft));
    if (got < 0) {
      throw truncated();
    }
    dataLeft -= got;
    return got;
  }

  private TarEntry entry(
      TarHeader header, PaxRecords pax, Optional<String> longName, Optional<String> longLink)
      throws IOException {
    String path =
        pax.text("GNU.sparse.name")
            .or(() -> pax.text("path"))
            .or(() -> longName)
            .orElseGet(header::name);
    Type type = type(header.type(), path);
    long stored = type == Type.FILE ? pax.number("size").orElse(header.size()) : 0;
    if (stored < 0) {
      throw new LayerException("cannot read layer: negative size of " + shown(path));
    }
    dataLeft = stored;
    paddingLeft = -stored & (BLOCK - 1);
    Optional<Content> sparse = type == Type.FILE ? sparse(header, pax) : Optional.empty();
    Content content =
        sparse.isPresent()
            ? sparse.get()
            : new Content(stored, stored == 0 ? List.of() : List.of(new Extent(0, stored)));
    if (content.extents.stream().mapToLong(Extent::sizeBytes).sum() != dataLeft) {
      throw new LayerException(
          "cannot read layer: the sparse map of " + shown(path) + " does not fit its data");
    }
    Mtime mtime = mtime(header, pax);
    Optional<Long> uid = pax.number("uid");
    Optional<Long> gid = pax.number("gid");
    boolean device = type == Type.CHARACTER_DEVICE || type == Type.BLOCK_DEVICE;
    boolean link = type == Type.HARD_LINK || type == Type.SYMBOLIC_LINK;
    Map<String, Bytes> xattrs = pax.xattrs();
    return new TarEntry(
        type,
        path,
        link ? pax.text("linkpath").or(() -> longLink).orElseGet(header::linkName) : "",
        header.mode(),
        uid.isPresent() ? TarHeader.id(uid.get()) : header.uid(),
        gid.isPresent() ? TarHeader.id(gid.get()) : header.gid(),
        mtime.seconds,
        mtime.nanos,
        content.sizeBytes,
        device ? header.major() : 0,
        device ? header.minor() : 0,
        content.extents,
        xattrs);
  }

  private record Content(long sizeBytes, List<Extent> extents) {}

  private static Type type(char flag, String path) throws LayerException {
    return switch (flag) {
      case '\0', '0', '7' -> path.endsWith("/") ? Type.DIRECTORY : Type.FILE;
      case 'S' -> Type.FILE;
      case '1' -> Type.HARD_LINK;
      case '2' -> Type.SYMBOLIC_LINK;
      case '3' -> Type.CHARACTER_DEVICE;
      case '4' -> Type.BLOCK_DEVICE;
      case '5' -> Type.DIRECTORY;
      case '6' -> Type.FIFO;
      default ->
          throw new LayerException(
              "cannot read layer: entry " + shown(path) + " has unknown tar type " + (int) flag);
    };
  }

  private Optional<Content> sparse(TarHeader header, PaxRecords pax) throws IOException {
    if (header.type() == 'S') {
      return Optional.of(oldGnuSparse(header));
    }
    var map = new SparseMap();
    Optional<Long> size = pax.number("GNU.sparse.realsize");
    if (size.isEmpty()) {
      size = pax.number("GNU.sparse.size");
    }
    if (size.isEmpty()) {
      return Optional.empty();
    }
    if (pax.text("GNU.sparse.major").orElse("0").equals("1")) {
      readMapFromData(map);
    } else if (pax.text("GNU.sparse.map").isPresent()) {
      map.addPairs(List.of(pax.text("GNU.sparse.map").get().split(",")));
    } else {
      map.addPairs(pax.sparsePairs());
    }
    return Optional.of(new Content(size.get(), map.within(size.get())));
  }

  private Content oldGnuSparse(TarHeader header) throws IOException {
    var map = new SparseMap();
    long size = header.number(483, 12, "size");
    addOldPairs(map, header, 386, 4);
    boolean more = header.flag(482);
    while (more) {
      readFully(block);
      var extension = new RawBlock(block.clone());
      more = extension.addTo(map);
    }
    return new Content(size, map.within(size));
  }

  private static void addOldPairs(SparseMap map, TarHeader header, int at, int count)
      throws LayerException {
    for (int i = 0; i < count; i++, at += 24) {
      if (header.flag(at) || header.flag(at + 12)) {
        map.add(header.number(at, 12, "sparse offset"), header.number(at + 12, 12, "sparse size"));
      }
    }
  }

  /** GNU's format 1.0: decimal numbers, one a line, before the data and padded to a block. */
  private void readMapFromData(SparseMap map) throws IOException {
    var numbers = new MapNumbers();
    long count = numbers.next();
    if (count < 0 || count > 65_536) {
      throw new LayerException("cannot read layer: sparse file with " + count + " extents");
    }
    for (long i = 0; i < count; i++) {
      map.add(numbers.next(), numbers.next());
    }
  }

  /** Reads numbers from whole blocks of the entry's data. */
  private final class MapNumbers {
    private final byte[] buffer = new byte[BLOCK];
    private int at = BLOCK;

    long next() throws IOException {
      long value = 0;
      for (int digits = 0; digits < 20; digits++) {
        if (at == BLOCK) {
          if (dataLeft < BLOCK) {
            throw truncated();
          }
          readFully(buffer);
          dataLeft -= BLOCK;
          at = 0;
        }
        int c = buffer[at++];
        if (c == '\n') {
          return value;
        }
        if (c < '0' || c > '9') {
          break;
        }
        value = value * 10 + (c - '0');
      }
      throw new LayerException("cannot read layer: sparse file with a malformed map");
    }
  }

  private record RawBlock(byte[] bytes) {
    /** Adds the pairs of an extension block of the old format; true when another one follows. */
    boolean addTo(SparseMap map) throws LayerException {
      for (int i = 0; i < 21; i++) {
        int at = i * 24;
        if (bytes[at] != 0 || bytes[at + 12] != 0) {
          map.add(octal(at), octal(at + 12));
        }
      }
      return bytes[504] != 0;
    }

    private long octal(int at) throws LayerException {
      long value = 0;
      boolean binary = (bytes[at] & 0x80) != 0;
      for (int i = binary ? 4 : 0; i < 12; i++) {
        int c = bytes[at + i];
        if (binary) {
          value = value << 8 | (c & 0xff);
        } else if (c >= '0' && c <= '7') {
          value = value << 3 | (c - '0');
        } else if (c != 0 && c != ' ') {
          throw new LayerException("cannot read layer: bad sparse map in a tar header");
        }
      }
      return value;
    }
  }

  private record Mtime(long seconds, int nanos) {}

  private static Mtime mtime(TarHeader header, PaxRecords pax) throws LayerException {
    Optional<String> text = pax.text("mtime");
    if (text.isEmpty()) {
      return new Mtime(header.mtime(), 0);
    }
    int dot = text.get().indexOf('.');
    if (dot < 0) {
      return new Mtime(PaxRecords.parseNumber(text.get()), 0);
    }
    boolean negative = text.get().startsWith("-");
    String fraction = (text.get().substring(dot + 1) + "000000000").substring(0, 9);
    long seconds = dot == 0 ? 0 : PaxRecords.parseNumber(text.get().substring(0, dot));
    long nanos = PaxRecords.parseNumber(fraction);
    if (nanos < 0) {
      throw new LayerException("cannot read layer: bad mtime in a pax header");
    }
    return negative && nanos > 0
        ? new Mtime(seconds - 1, (int) (1_000_000_000 - nanos))
        : new Mtime(seconds, (int) nanos);
  }

  private byte[] extension(long size) throws IOException {
    if (size > MAX_EXTENSION_BYTES) {
      throw new LayerException(
          "cannot read layer: a pax header or long name of "
              + size
              + " bytes; at most "
              + MAX_EXTENSION_BYTES
              + " are allowed");
    }
    byte[] data = new byte[(int) size];
    readFully(data);
    skip(-size & (BLOCK - 1));
    return data;
  }

  private void readFully(byte[] into) throws IOException {
    if (in.readNBytes(into, 0, into.length) < into.length) {
      throw truncated();
    }
  }

  /** Reads on, never seeks: whoever counts or digests the stream must see every byte. */
  private void skip(long count) throws IOException {
    long left = count;
    while (left > 0) {
      int got = in.read(skipped, 0, (int) Math.min(left, skipped.length));
      if (got < 0) {
        throw truncated();
      }
      left -= got;
    }
  }

  private static LayerException truncated() {
    return new LayerException("cannot read layer: the tar ends in the middle of an entry");
  }

  private static String cString(byte[] data) {
    int end = 0;
    while (end < data.length && data[end] != 0) {
      end++;
    }
    return new String(data, 0, end, StandardCharsets.ISO_8859_1);
  }

  /** A name for a message: as UTF-8, bounded, without control characters. */
  static String shown(String byteString) {
    String text =
        new String(byteString.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    String clean = text.replaceAll("\\p{Cntrl}", "?");
    return '"' + (clean.length() > 200 ? clean.substring(0, 200) + "..." : clean) + '"';
  }
}
