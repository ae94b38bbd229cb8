package dev.nacelle.testkit.network;

import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathConfig;
import dev.nacelle.network.EbpfDatapath;

final class EbpfDatapathTest extends DatapathContract {
  @Override
  protected Datapath open(DatapathConfig config) {
    return EbpfDatapath.open(config);
  }
}
