package dev.nacelle.kernel.mount;

import dev.nacelle.kernel.ErrnoException;
import java.nio.file.Path;

/** EROFS images with their data on a second device; erofs.rst. */
public final class Erofs {
  /** ENOTBLK: the kernel wants a block device where a file was given. */
  public static final int NOT_A_BLOCK_DEVICE = 15;

  private static final int ATTRIBUTE_READ_ONLY = 1;

  private Erofs() {}

  /**
   * Mounts an image straight from its files, or from block devices that hold them.
   *
   * @throws ErrnoException with {@link #NOT_A_BLOCK_DEVICE} from kernels before 6.12, or built
   *     without file-backed mounts
   */
  public static void mount(Path metadata, Path data, Path target) {
    try (FileSystemContext erofs = FileSystemContext.open("erofs")) {
      erofs.set("source", metadata.toString()).set("device", data.toString()).set("ro");
      erofs.mount(target, ATTRIBUTE_READ_ONLY);
    }
  }

  /** As {@link #mount}, by two loop devices that free themselves when the mount ends. */
  public static void mountByLoop(Path metadata, Path data, Path target) {
    try (LoopDevice.Attached metadataLoop = LoopDevice.attach(metadata);
        LoopDevice.Attached dataLoop = LoopDevice.attach(data)) {
      mount(metadataLoop.device(), dataLoop.device(), target);
    }
  }
}
