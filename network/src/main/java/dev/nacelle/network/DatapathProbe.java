package dev.nacelle.network;

import dev.nacelle.kernel.bpf.BpfException;
import dev.nacelle.kernel.bpf.BpfMap;
import dev.nacelle.kernel.bpf.BpfObject;
import dev.nacelle.kernel.bpf.BpfProgram;
import dev.nacelle.kernel.bpf.MapLayout;
import dev.nacelle.kernel.bpf.ProgramCode;
import dev.nacelle.kernel.netlink.NetlinkSocket;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import dev.nacelle.network.DatapathCapability.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What this kernel offers to the datapath, found by trying. Needs no instance, leaves nothing
 * behind, and takes some ten milliseconds.
 */
public final class DatapathProbe {
  private DatapathProbe() {}

  /** The lines for {@code doctor}. Never throws for what the kernel lacks. */
  public static List<DatapathCapability> capabilities() {
    List<DatapathCapability> lines = new ArrayList<>();
    lines.add(cgroup());
    lines.add(pins());
    lines.add(namespaces());
    lines.addAll(programs());
    lines.add(sctp());
    return lines;
  }

  private static DatapathCapability cgroup() {
    String feature = "service load balancing at the socket";
    try {
      return new DatapathCapability(
          feature, State.BEST, "bpf at the cgroup v2 root " + CgroupRoot.find());
    } catch (DatapathException e) {
      return new DatapathCapability(feature, State.MISSING, String.valueOf(e.getMessage()));
    }
  }

  private static DatapathCapability pins() {
    String feature = "network without the platform";
    try {
      boolean known =
          Files.readString(Path.of("/proc/filesystems")).lines().anyMatch(l -> l.endsWith("\tbpf"));
      return known
          ? new DatapathCapability(feature, State.BEST, "programs and tables pinned in /sys/fs/bpf")
          : new DatapathCapability(
              feature, State.MISSING, "the kernel has no bpf file system; nothing can be pinned");
    } catch (IOException e) {
      return new DatapathCapability(feature, State.MISSING, e.toString());
    }
  }

  private static DatapathCapability namespaces() {
    String feature = "pod network namespaces";
    try (NetworkNamespace namespace = NetworkNamespace.create();
        NetlinkSocket socket = namespace.call(NetlinkSocket::open)) {
      return socket.namespaceCookie() != 0
          ? new DatapathCapability(feature, State.BEST, "told apart by their cookie")
          : new DatapathCapability(feature, State.MISSING, "the kernel gives no cookie");
    } catch (RuntimeException e) {
      return new DatapathCapability(feature, State.MISSING, e.getMessage() + "; needs root");
    }
  }

  private static List<DatapathCapability> programs() {
    Map<String, BpfMap> maps = new HashMap<>();
    Map<String, String> refused = new HashMap<>();
    List<ProgramCode> programs = DatapathPrograms.ofThisBuild().programs();
    try {
      for (BpfObject object : DatapathPrograms.ofThisBuild().objects()) {
        for (MapLayout layout : object.maps()) {
          if (!maps.containsKey(layout.name())) {
            maps.put(layout.name(), BpfMap.create(small(layout)));
          }
        }
      }
      for (ProgramCode code : programs) {
        try {
          BpfProgram.load(code, maps).close();
        } catch (BpfException e) {
          refused.put(code.name(), e.getMessage());
        }
      }
    } catch (BpfException e) {
      programs.forEach(code -> refused.putIfAbsent(code.name(), e.getMessage()));
    } finally {
      maps.values().forEach(BpfMap::close);
    }
    return List.of(
        line("Services for pods and this host", refused, "connect4", "connect6"),
        line("Services by UDP", refused, "sendmsg4", "sendmsg6", "recvmsg4", "recvmsg6"),
        line("Services for clients off the host", refused, "uplink_ingress", "uplink_egress"),
        line("masquerade of pods without iptables", refused, "uplink_egress"),
        line("short way between pods of a host", refused, "pod_egress"));
  }

  /** The same shape, cheap to make: the verifier does not look at the number of entries. */
  private static MapLayout small(MapLayout layout) {
    return new MapLayout(
        layout.name(),
        layout.type(),
        layout.keySize(),
        layout.valueSize(),
        Math.min(layout.maxEntries(), 64),
        layout.flags());
  }

  private static DatapathCapability line(
      String feature, Map<String, String> refused, String... programs) {
    for (String program : new TreeSet<>(List.of(programs))) {
      String why = refused.get(program);
      if (why != null) {
        return new DatapathCapability(feature, State.MISSING, why);
      }
    }
    return new DatapathCapability(feature, State.BEST, "bpf: " + String.join(", ", programs));
  }

  private static DatapathCapability sctp() {
    return new DatapathCapability(
        "Services by SCTP", State.MISSING, "not built; SCTP ports of a Service get no frontend");
  }
}
