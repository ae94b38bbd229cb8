package dev.nacelle.network;

/**
 * A connected pod.
 *
 * @param podUid the pod's {@code metadata.uid}
 * @param address the pod's only IPv4 address, {@code status.podIP}
 * @param hostInterface the name of the host's side, for messages and flow records
 */
public record Endpoint(String podUid, Ipv4 address, String hostInterface) {}
