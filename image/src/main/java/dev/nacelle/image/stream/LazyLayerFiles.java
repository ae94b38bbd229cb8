package dev.nacelle.image.stream;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.AtomicFiles;
import dev.nacelle.base.files.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The files of a lazily filled layer in its directory: {@code data.blob}, a sparse file of the full
 * size; {@code present.map}; and {@code present.boot}, the boot in which the map was last begun
 * anew, without which it is not believed. Nothing of it need be on the disk: after another boot all
 * is proved again.
 */
public record LazyLayerFiles(Path directory) {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  public Path data() {
    return directory.resolve("data.blob");
  }

  public Path map() {
    return directory.resolve("present.map");
  }

  Path boot() {
    return directory.resolve("present.boot");
  }

  /** The id of this boot of the machine. */
  public static String currentBoot() throws IOException {
    return Files.readString(BOOT_ID).strip();
  }

  /**
   * Makes the files of a layer of which nothing is here. The directory exists and has none of them.
   *
   * @param bootId of this boot, see {@link #currentBoot}
   */
  public void create(StreamIndex index, String bootId) throws IOException {
    createSparse(data(), index.dataBytes());
    createSparse(map(), PresentMap.sizeBytes(index.chunks()));
    believeIn(bootId);
  }

  /** Whether data and map are as long as they should be. */
  public boolean haveSizesOf(StreamIndex index) throws IOException {
    return Files.size(data()) == index.dataBytes()
        && Files.size(map()) == PresentMap.sizeBytes(index.chunks());
  }

  private static void createSparse(Path file, long size) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), size - 1);
    }
  }

  /** Whether the map was written in this boot: then memory, not the disk, is what it speaks of. */
  boolean isOfBoot(String bootId) throws IOException {
    try {
      return Files.readString(boot()).equals(bootId);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Whether the map was written in this boot of the machine. */
  public boolean isOfThisBoot() throws IOException {
    return isOfBoot(currentBoot());
  }

  /** The map is not believed: what it says is here is proved again before its use. */
  public void doubt() throws IOException {
    Files.deleteIfExists(boot());
  }

  void believeIn(String bootId) throws IOException {
    AtomicFiles.replace(boot(), Bytes.utf8(bootId), DurableFiles.Mode.OWNER, directory);
  }
}
