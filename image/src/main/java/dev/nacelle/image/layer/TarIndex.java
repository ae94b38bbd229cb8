package dev.nacelle.image.layer;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Where the files of an uncompressed tar lie in it. Names are cleaned of a leading {@code ./}. */
public final class TarIndex {
  private static final int MAX_MEMBERS = 100_000;

  /**
   * A regular file.
   *
   * @param offset of its data in the uncompressed tar
   */
  public record Member(long offset, long sizeBytes) {}

  private final Map<String, Member> members = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();

  private TarIndex() {}

  /**
   * Reads a tar to its end, compressed or not.
   *
   * @throws LayerException if it is no tar, or has too many members to be an archive of images
   */
  public static TarIndex read(InputStream tar) throws IOException {
    var counting = new Counting(Decompression.open(tar));
    var reader = new TarReader(counting);
    var index = new TarIndex();
    int count = 0;
    for (Optional<TarEntry> next = reader.next(); next.isPresent(); next = reader.next()) {
      TarEntry entry = next.get();
      if (++count > MAX_MEMBERS) {
        return index;
      }
      String name = clean(entry.path());
      switch (entry.type()) {
        case FILE -> index.members.put(name, new Member(counting.count, entry.sizeBytes()));
        case SYMBOLIC_LINK, HARD_LINK -> index.links.put(name, link(entry, name));
        case DIRECTORY, CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> {}
      }
    }
    return index;
  }

  /** A file by name; a link stands for its target. */
  public Optional<Member> find(String name) {
    String at = clean(name);
    for (int followed = 0; followed < 8; followed++) {
      Member member = members.get(at);
      if (member != null) {
        return Optional.of(member);
      }
      String target = links.get(at);
      if (target == null) {
        return Optional.empty();
      }
      at = target;
    }
    return Optional.empty();
  }

  private static String link(TarEntry entry, String name) {
    if (entry.type() == TarEntry.Type.HARD_LINK || entry.link().startsWith("/")) {
      return clean(entry.link());
    }
    int slash = name.lastIndexOf('/');
    return clean(slash < 0 ? entry.link() : name.substring(0, slash + 1) + entry.link());
  }

  private static String clean(String path) {
    var parts = new java.util.ArrayDeque<String>();
    for (String part : path.split("/")) {
      if (part.equals("..")) {
        parts.pollLast();
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.add(part);
      }
    }
    return String.join("/", parts);
  }

  private static final class Counting extends FilterInputStream {
    private long count;

    Counting(InputStream in) {
      super(new BufferedInputStream(in));
    }

    @Override
    public int read() throws IOException {
      int got = super.read();
      count += got < 0 ? 0 : 1;
      return got;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int got = super.read(into, offset, length);
      count += Math.max(0, got);
      return got;
    }

    @Override
    public long skip(long n) throws IOException {
      long skipped = super.skip(n);
      count += skipped;
      return skipped;
    }
  }
}
