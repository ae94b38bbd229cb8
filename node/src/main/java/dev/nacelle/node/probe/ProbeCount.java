package dev.nacelle.node.probe;

/** Counts the tries of one probe against its thresholds. Pure but for its own count. */
final class ProbeCount {
  private final long successesWanted;
  private final long failuresWanted;
  private long successes;
  private long failures;

  ProbeCount(long successesWanted, long failuresWanted) {
    this.successesWanted = Math.max(1, successesWanted);
    this.failuresWanted = Math.max(1, failuresWanted);
  }

  /** What the tries so far say. */
  enum Verdict {
    /** Too few of one kind in a row: what was said before holds. */
    UNDECIDED,
    PASSED,
    FAILED
  }

  Verdict add(ProbeResult result) {
    switch (result) {
      case ProbeResult.Passed _ -> {
        failures = 0;
        successes++;
        return successes >= successesWanted ? Verdict.PASSED : Verdict.UNDECIDED;
      }
      case ProbeResult.Failed _, ProbeResult.Refused _ -> {
        successes = 0;
        failures++;
        return failures >= failuresWanted ? Verdict.FAILED : Verdict.UNDECIDED;
      }
      case ProbeResult.Unknown _ -> {
        return Verdict.UNDECIDED;
      }
    }
  }
}
