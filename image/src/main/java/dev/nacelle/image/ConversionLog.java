package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.image.distribution.ContentDigest;
import dev.nacelle.image.distribution.RepositoryName;
import dev.nacelle.image.layer.Sha256;
import dev.nacelle.image.stream.StreamIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * Which manifests of a registry need not be looked at again: they were converted, or are nothing to
 * convert. A file of 16 bytes a manifest behind a head, to which is appended what is done; it is
 * written anew with what is still there. It may lose its end in a power cut, and what is torn is
 * what no manifest has: then a manifest is looked at once more. For one thread.
 */
final class ConversionLog {
  /** A manifest of a repository, by half of a sha256. */
  record Entry(long high, long low) {
    static Entry of(RepositoryName repository, ContentDigest manifest) {
      byte[] name = (repository + "@" + manifest).getBytes(StandardCharsets.UTF_8);
      ByteBuffer digest = ByteBuffer.wrap(Sha256.newDigest().digest(name));
      return new Entry(digest.getLong(), digest.getLong());
    }
  }

  /** More are not remembered: 16 MB of them. */
  static final int MOST = 1_000_000;

  private static final int ENTRY_BYTES = 16;

  /** Another format of forms makes all of it void. */
  private static final byte[] HEAD =
      Arrays.copyOf(
          "nacelle-forms-%d"
              .formatted(StreamIndex.FORMAT_VERSION)
              .getBytes(StandardCharsets.US_ASCII),
          ENTRY_BYTES);

  private final Path file;
  private final Set<Entry> entries;

  private ConversionLog(Path file, Set<Entry> entries) {
    this.file = file;
    this.entries = entries;
  }

  /**
   * Reads the log, which need not be there.
   *
   * @throws IOException if the disk fails
   */
  static ConversionLog open(Path file) throws IOException {
    var entries = new HashSet<Entry>();
    long size = Files.exists(file) ? Files.size(file) : 0;
    boolean fits = size >= ENTRY_BYTES && size <= (MOST + 1L) * ENTRY_BYTES;
    ByteBuffer bytes = ByteBuffer.wrap(fits ? Files.readAllBytes(file) : new byte[ENTRY_BYTES]);
    byte[] head = new byte[ENTRY_BYTES];
    bytes.get(head);
    boolean known = Arrays.equals(head, HEAD);
    while (known && bytes.remaining() >= ENTRY_BYTES) {
      entries.add(new Entry(bytes.getLong(), bytes.getLong()));
    }
    var log = new ConversionLog(file, entries);
    if (!known || bytes.hasRemaining()) {
      log.write();
    }
    return log;
  }

  boolean has(Entry entry) {
    return entries.contains(entry);
  }

  int size() {
    return entries.size();
  }

  /** Notes what is done; what is durable of it is so before. */
  void add(Entry entry) throws IOException {
    if (entries.size() >= MOST || !entries.add(entry)) {
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocate(ENTRY_BYTES);
    bytes.putLong(entry.high()).putLong(entry.low()).flip();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(bytes, channel.size() / ENTRY_BYTES * ENTRY_BYTES);
    }
  }

  /** Forgets what is not among these. */
  void retain(Set<Entry> present) throws IOException {
    if (entries.retainAll(present)) {
      write();
    }
  }

  private void write() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((entries.size() + 1) * ENTRY_BYTES).put(HEAD);
    entries.forEach(e -> bytes.putLong(e.high()).putLong(e.low()));
    DurableFiles.writeAtomically(file, Bytes.wrap(bytes.array()), DurableFiles.Mode.OWNER);
  }
}
