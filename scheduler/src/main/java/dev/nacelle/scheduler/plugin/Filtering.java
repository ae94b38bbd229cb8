package dev.nacelle.scheduler.plugin;

import dev.nacelle.scheduler.cluster.NodeInfo;
import java.util.List;

/** Runs filters in their order. */
public final class Filtering {
  private Filtering() {}

  /** The first refusal, or a fit. */
  public static Verdict test(NodeInfo node, List<FilterPlugin.Test> filters) {
    for (FilterPlugin.Test filter : filters) {
      Verdict verdict = filter.on(node);
      if (verdict instanceof Verdict.Refused) {
        return verdict;
      }
    }
    return Verdict.FITS;
  }
}
