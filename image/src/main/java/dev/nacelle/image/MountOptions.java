package dev.nacelle.image;

/** How an image is mounted. */
public record MountOptions(Writes writes) {
  /** What a container usually wants. */
  public static final MountOptions DEFAULT = new MountOptions(Writes.VOLATILE);

  /** The image alone, as a volume of a pod: read-only, and no program in it can be executed. */
  public static final MountOptions VOLUME = new MountOptions(Writes.NONE);

  /** What becomes of the container's own writes. */
  public enum Writes {
    /**
     * An fsync in the root filesystem does nothing: after a power cut the container starts anew
     * from its image, so there is nothing to keep.
     */
    VOLATILE,
    /** An fsync is one. */
    DURABLE,
    /** There are none. */
    NONE
  }
}
