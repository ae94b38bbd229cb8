package dev.nacelle.scheduler.plugin;

import java.util.List;

/** Whether a node will do. */
public sealed interface Verdict {
  Verdict FITS = new Fits();

  /** It will. */
  record Fits() implements Verdict {}

  /**
   * It will not.
   *
   * @param reasons as upstream words them
   */
  record Refused(List<String> reasons, Cure cure) implements Verdict {
    public Refused {
      reasons = List.copyOf(reasons);
    }
  }

  /** Whether removing pods from the node could help. */
  enum Cure {
    FEWER_PODS,
    NONE
  }

  static Verdict refused(String reason) {
    return new Refused(List.of(reason), Cure.FEWER_PODS);
  }

  static Verdict hopeless(String reason) {
    return new Refused(List.of(reason), Cure.NONE);
  }
}
