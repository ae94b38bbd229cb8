package dev.nacelle.runtime;

/**
 * A device node in a container.
 *
 * @param path absolute, in the container
 * @param access letters of r, w and m
 */
public record Device(
    String path, Type type, long major, long minor, int mode, long uid, long gid, String access) {
  /** Kinds of device nodes. */
  public enum Type {
    CHARACTER,
    BLOCK
  }

  public Device {
    if (!path.startsWith("/") || !access.matches("[rwm]{1,3}")) {
      throw new IllegalArgumentException("cannot make the device '" + path + "' (" + access + ")");
    }
  }
}
