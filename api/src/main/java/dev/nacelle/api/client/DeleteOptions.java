package dev.nacelle.api.client;

import java.util.Optional;
import java.util.OptionalLong;

/** How to delete. The preconditions are not checked where empty. */
public record DeleteOptions(
    Propagation propagation,
    OptionalLong gracePeriodSeconds,
    Optional<String> uid,
    Optional<String> resourceVersion) {

  /** What becomes of the dependents. */
  public enum Propagation {
    DEFAULT,
    ORPHAN,
    BACKGROUND,
    FOREGROUND
  }

  public static final DeleteOptions DEFAULT =
      new DeleteOptions(
          Propagation.DEFAULT, OptionalLong.empty(), Optional.empty(), Optional.empty());
  public static final DeleteOptions BACKGROUND = DEFAULT.propagating(Propagation.BACKGROUND);

  public DeleteOptions propagating(Propagation next) {
    return new DeleteOptions(next, gracePeriodSeconds, uid, resourceVersion);
  }

  public DeleteOptions withGrace(long seconds) {
    return new DeleteOptions(propagation, OptionalLong.of(seconds), uid, resourceVersion);
  }

  public DeleteOptions onlyUid(String required) {
    return new DeleteOptions(
        propagation, gracePeriodSeconds, Optional.of(required), resourceVersion);
  }
}
