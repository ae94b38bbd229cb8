package dev.nacelle.network;

import java.nio.file.Path;

/**
 * A pod's wish to be connected.
 *
 * @param podUid the pod's {@code metadata.uid}, the key of everything that follows
 * @param networkNamespace a file that is the namespace: {@code /proc/PID/fd/N}, {@code
 *     /proc/PID/ns/net} or a bind mount
 * @param address the address the pod is known to have, or {@link Ipv4#ANY} for the one that it
 *     holds or else the next free one
 */
public record EndpointSpec(String podUid, Path networkNamespace, Ipv4 address) {
  public EndpointSpec {
    if (!podUid.matches("[0-9A-Za-z._-]{1,128}")) {
      throw new IllegalArgumentException(
          "cannot use \"" + podUid + "\" as a pod UID: 1-128 letters, digits, '.', '_', '-'");
    }
  }

  /** A pod whose address the datapath chooses. */
  public static EndpointSpec of(String podUid, Path networkNamespace) {
    return new EndpointSpec(podUid, networkNamespace, Ipv4.ANY);
  }
}
