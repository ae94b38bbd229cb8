package dev.nacelle.api.client;

/**
 * How to write.
 *
 * @param fieldManager empty: the server derives one from the client's name
 * @param subresource empty: the object itself; else {@code status}, {@code scale}, ...
 */
public record WriteOptions(
    String fieldManager,
    String subresource,
    DryRun dryRun,
    Force force,
    FieldValidation validation) {

  /** Whether the write is only tried. */
  public enum DryRun {
    NONE,
    ALL
  }

  /** Whether server-side apply takes fields over from other managers. */
  public enum Force {
    NO,
    YES
  }

  /** What becomes of unknown and duplicate fields. */
  public enum FieldValidation {
    IGNORE,
    WARN,
    STRICT
  }

  public static WriteOptions by(String fieldManager) {
    return new WriteOptions(fieldManager, "", DryRun.NONE, Force.NO, FieldValidation.IGNORE);
  }

  public WriteOptions of(String subresource) {
    return new WriteOptions(fieldManager, subresource, dryRun, force, validation);
  }

  public WriteOptions forced() {
    return new WriteOptions(fieldManager, subresource, dryRun, Force.YES, validation);
  }
}
