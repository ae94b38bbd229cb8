package dev.nacelle.testkit.network;

import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathConfig;
import dev.nacelle.network.EbpfDatapath;
import dev.nacelle.network.EndpointSpec;
import dev.nacelle.network.Ipv4;
import dev.nacelle.network.Ipv4Range;
import java.nio.file.Path;

/** A platform that connects and disconnects pods without end, to be killed at it. */
final class AttachingProcess {
  private AttachingProcess() {}

  /**
   * @param arguments instance, state directory, cluster range, service range, pod range, node
   *     address, host namespace, then one namespace for each pod
   */
  public static void main(String[] arguments) {
    Datapath datapath =
        EbpfDatapath.open(
            new DatapathConfig(
                arguments[0],
                Path.of(arguments[1]),
                Ipv4Range.parse(arguments[2]),
                Ipv4Range.parse(arguments[3]),
                Ipv4Range.parse(arguments[4]),
                Ipv4.parse(arguments[5]),
                Path.of(arguments[6])));
    for (int i = 0; ; i = (i + 1) % (arguments.length - 7)) {
      EndpointSpec pod = EndpointSpec.of("pod-" + i, Path.of(arguments[7 + i]));
      System.out.println(datapath.attach(pod).address());
      if (i % 3 == 2) {
        datapath.detach(pod.podUid());
      }
    }
  }
}
