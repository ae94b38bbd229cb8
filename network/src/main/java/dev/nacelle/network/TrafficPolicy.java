package dev.nacelle.network;

/** Which backends a client may be sent to. */
public enum TrafficPolicy {
  /** All of them. */
  CLUSTER,
  /** Only those on this host; with none here, the client is refused. */
  LOCAL
}
