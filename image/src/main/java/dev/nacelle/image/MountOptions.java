package dev.nacelle.image;

/** How a container's root filesystem is mounted. */
public record MountOptions(Writes writes) {
  /** What a container usually wants. */
  public static final MountOptions DEFAULT = new MountOptions(Writes.VOLATILE);

  /** What becomes of the container's own writes. */
  public enum Writes {
    /**
     * An fsync in the root filesystem does nothing: after a power cut the container starts anew
     * from its image, so there is nothing to keep.
     */
    VOLATILE,
    /** An fsync is one. */
    DURABLE
  }
}
