package dev.nacelle.node.volume;

import dev.nacelle.image.ImageStore;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * How the image store knows the images that pods have as volumes: by {@code volume.PODUID.HASH}, so
 * that a name tells whose it is, also after a restart.
 */
public final class ImageVolumes {
  private static final String PREFIX = "volume.";
  private static final int HASH_BYTES = 8;

  private ImageVolumes() {}

  /** What a pod's volume is mounted by. */
  public static String id(String podUid, String volume) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(volume.getBytes(StandardCharsets.UTF_8));
      return PREFIX + podUid + "." + HexFormat.of().formatHex(hash, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** The pod whose volume it is; empty for what is no volume. */
  public static Optional<String> podUid(String id) {
    int end = id.lastIndexOf('.');
    return id.startsWith(PREFIX) && end > PREFIX.length()
        ? Optional.of(id.substring(PREFIX.length(), end))
        : Optional.empty();
  }

  /** Unmounts all of a pod. */
  static void unmount(ImageStore images, String podUid) {
    images.mountedContainers().stream()
        .filter(id -> podUid(id).filter(podUid::equals).isPresent())
        .forEach(images::unmount);
  }
}
