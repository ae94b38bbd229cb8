package dev.nacelle.network;

import java.util.List;
import java.util.Set;

/**
 * The network of one host of one instance: pod endpoints, and the desired tables of Services and
 * host routes. What is attached and applied lives in the kernel: it goes on working while the
 * platform is down, and the next {@code open} adopts it.
 *
 * <p>All methods are blocking and may be called from any thread, virtual ones too; kernel calls run
 * on platform threads. They are idempotent: a call that was cut short by a crash is simply made
 * again. Failures are {@link DatapathException}s with a message fit for an event.
 */
public interface Datapath extends AutoCloseable {

  /**
   * Connects a pod's network namespace: an address, {@code eth0}, routes, and the host's side. For
   * a pod that is attached already it restores what is missing and returns the same address. The
   * pod's Services work as soon as this returns.
   *
   * @throws DatapathException if the namespace is gone, the requested address is held by another
   *     pod or outside of this host's range, or no address is free
   */
  Endpoint attach(EndpointSpec spec);

  /** Disconnects a pod and frees its address, which then rests. Unknown pods are no error. */
  void detach(String podUid);

  /**
   * States which pods this host has: every other endpoint and held address is released. To be
   * called once after a start, with the pods that were adopted or are still bound to this host.
   */
  void retain(Set<String> podUids);

  /** The attached endpoints, adopted ones included. */
  List<Endpoint> endpoints();

  /**
   * States all Services as this host sees them. Replaces the former table; the kernel is touched
   * only where they differ, and established connections stay.
   */
  void applyServices(ServiceTable table);

  /** States all other hosts of the cluster. Replaces the former table. */
  void applyRoutes(HostRoutes routes);

  /** What this kernel offers, what is used instead of what is missing, and what that loses. */
  List<DatapathCapability> capabilities();

  /**
   * Removes every kernel object of this instance: links, routes, programs, maps, pins. For {@code
   * down --all}; the datapath cannot be used afterwards. Held addresses are freed.
   */
  void release();

  /** Lets go of descriptors; everything goes on working in the kernel. */
  @Override
  void close();
}
