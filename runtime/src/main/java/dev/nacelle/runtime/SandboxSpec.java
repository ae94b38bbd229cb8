package dev.nacelle.runtime;

import java.util.Map;
import java.util.Set;

/**
 * What a sandbox is made of.
 *
 * @param id chosen by the caller, unique for ever on this host: the pod's UID and an attempt
 * @param hostname of the UTS namespace; with HOST_NETWORK the host's own name stays
 * @param options which namespaces are the host's or shared
 * @param sysctls set in the sandbox's namespaces, {@code net.*} and {@code kernel.*} names with
 *     dots
 * @param cgroupParent the sandbox's cgroup below the hierarchy's root, without a leading slash:
 *     {@code nacelle/INSTANCE/podUID}; made here, the containers' cgroups are its children
 * @param resources limits of that cgroup
 * @param labels kept with the sandbox and returned in its status
 */
public record SandboxSpec(
    String id,
    String hostname,
    Set<Option> options,
    Map<String, String> sysctls,
    String cgroupParent,
    Resources resources,
    Map<String, String> labels) {

  /** Departures from a private network, IPC and UTS namespace and a PID namespace a container. */
  public enum Option {
    HOST_NETWORK,
    HOST_PID,
    HOST_IPC,
    /** One PID namespace for all containers, with an init process of ours. */
    SHARE_PROCESS_NAMESPACE
  }

  public SandboxSpec {
    Ids.check("sandbox", id);
    options = Set.copyOf(options);
    sysctls = Map.copyOf(sysctls);
    labels = Map.copyOf(labels);
    if (hostname.length() > 63) {
      throw new IllegalArgumentException("cannot use a hostname of more than 63 characters");
    }
    if (cgroupParent.isEmpty()
        || cgroupParent.startsWith("/")
        || ("/" + cgroupParent + "/").contains("/../")) {
      throw new IllegalArgumentException("cannot use '" + cgroupParent + "' as a cgroup parent");
    }
    if (options.contains(Option.HOST_PID) && options.contains(Option.SHARE_PROCESS_NAMESPACE)) {
      throw new IllegalArgumentException(
          "cannot share a process namespace that is the host's: choose one");
    }
  }
}
