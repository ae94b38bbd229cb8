package dev.nacelle.image;

/** Why an image operation was refused or failed. */
public enum ImageFault {
  /** The reference does not parse. */
  INVALID_NAME("InvalidImageName"),
  /** The policy is Never and the image is not here. */
  NEVER_PULL("ErrImageNeverPull"),
  /** No such image here, or the registry has no such repository, tag or digest. */
  NOT_FOUND("ErrImagePull"),
  /** The registry wants other credentials, or these may not pull. */
  UNAUTHORIZED("ErrImagePull"),
  /** The registry cannot be reached, or keeps failing. */
  REGISTRY_UNAVAILABLE("RegistryUnavailable"),
  /** Bytes arrived that do not have the promised digest or size. */
  DIGEST_MISMATCH("ErrImagePull"),
  /** A manifest, configuration, layer or archive that is malformed or beyond the bounds. */
  INVALID_IMAGE("ErrImagePull"),
  /** The index has no image for this platform. */
  WRONG_PLATFORM("ErrImagePull"),
  /** It is here, but not as it came; what is damaged was taken away. */
  DAMAGED("ImageInspectError"),
  /** Not enough space on the disk. */
  NO_SPACE("ErrImagePull"),
  /** A container uses the image. */
  IN_USE("ErrImagePull"),
  /** The kernel or the disk refused. */
  HOST("ErrImagePull");

  private final String waitingReason;

  ImageFault(String waitingReason) {
    this.waitingReason = waitingReason;
  }

  /** The reason the kubelet writes to a container's waiting state for this fault. */
  public String waitingReason() {
    return waitingReason;
  }

  /** Whether a later attempt may succeed without anybody changing the pod. */
  public boolean isTransient() {
    return switch (this) {
      case REGISTRY_UNAVAILABLE,
          NOT_FOUND,
          UNAUTHORIZED,
          DIGEST_MISMATCH,
          DAMAGED,
          NO_SPACE,
          HOST ->
          true;
      case INVALID_NAME, NEVER_PULL, INVALID_IMAGE, WRONG_PLATFORM, IN_USE -> false;
    };
  }
}
