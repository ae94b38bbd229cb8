package dev.nacelle.image;

/** When to ask the registry; {@code imagePullPolicy} of a container. */
public enum PullPolicy {
  /** Ask each time; fetch what is not here. */
  ALWAYS,
  /** Ask only where the image is not here. */
  IF_NOT_PRESENT,
  /** Never ask. */
  NEVER;

  /**
   * @param name the value in the API: Always, IfNotPresent or Never
   */
  public static PullPolicy of(String name) {
    return switch (name) {
      case "Always" -> ALWAYS;
      case "IfNotPresent" -> IF_NOT_PRESENT;
      case "Never" -> NEVER;
      default -> throw new IllegalArgumentException("not a pull policy: " + name);
    };
  }

  /** The policy of a container that states none: Always for the tag latest, else IfNotPresent. */
  public static PullPolicy defaultFor(ImageReference reference) {
    return reference.digest().isEmpty() && reference.tag().orElse("latest").equals("latest")
        ? ALWAYS
        : IF_NOT_PRESENT;
  }
}
