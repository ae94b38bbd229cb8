package dev.nacelle.network;

import dev.nacelle.kernel.ErrnoException;
import dev.nacelle.kernel.bpf.BpfException;
import dev.nacelle.kernel.bpf.BpfLink;
import dev.nacelle.kernel.bpf.BpfMap;
import dev.nacelle.kernel.bpf.BpfObject;
import dev.nacelle.kernel.bpf.BpfProgram;
import dev.nacelle.kernel.bpf.MapLayout;
import dev.nacelle.kernel.bpf.ProgramCode;
import dev.nacelle.kernel.netlink.NetlinkSocket;
import dev.nacelle.kernel.netlink.NetworkNamespace;
import dev.nacelle.network.DatapathCapability.State;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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
  private static final int FIRST_NAT_PORT = 61_000;

  private DatapathProbe() {}

  /** The lines for {@code doctor}. Never throws for what the kernel lacks. */
  public static List<DatapathCapability> capabilities() {
    List<DatapathCapability> lines = new ArrayList<>();
    lines.add(pins());
    lines.add(namespaces());
    lines.addAll(programs());
    lines.add(clientPorts());
    lines.add(sctp());
    return lines;
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
          tryOut(code, maps);
        } catch (BpfException | DatapathException | ErrnoException e) {
          refused.put(code.name(), String.valueOf(e.getMessage()));
        }
      }
    } catch (BpfException e) {
      String why = String.valueOf(e.getMessage());
      programs.forEach(code -> refused.putIfAbsent(code.name(), why));
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

  /**
   * Loads and attaches: one without the other misleads. Sockets' programs stay at the root of the
   * cgroups for a moment, with empty tables; the others get a namespace of their own.
   */
  private static void tryOut(ProgramCode code, Map<String, BpfMap> maps) {
    try (BpfProgram program = BpfProgram.load(code, maps)) {
      if (!code.kind().onInterface()) {
        BpfLink.toCgroup(program, CgroupRoot.find()).close();
      } else {
        try (NetworkNamespace namespace = NetworkNamespace.create()) {
          namespace.call(() -> BpfLink.toInterface(program, 1)).close();
        }
      }
    }
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

  /** Masqueraded flows take ports above those that Linux gives to the host's own clients. */
  private static DatapathCapability clientPorts() {
    String feature = "ports for masquerade";
    Path file = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    try (InputStream in = Files.newInputStream(file)) {
      // in one read: files of /proc/sys give nothing to a second one
      String range = new String(in.readNBytes(64), StandardCharsets.US_ASCII).strip();
      int last = Integer.parseInt(range.split("\\s+", 2)[1]);
      return last < FIRST_NAT_PORT
          ? new DatapathCapability(
              feature, State.BEST, "61000-65535, apart from " + range.replaceAll("\\s+", "-"))
          : new DatapathCapability(
              feature,
              State.FALLBACK,
              "61000-65535 overlap the host's own client ports: a connection of the host and one of"
                  + " a pod to the same server may clash; set net.ipv4.ip_local_port_range to end"
                  + " at 60999");
    } catch (IOException | RuntimeException e) {
      return new DatapathCapability(feature, State.FALLBACK, "cannot read " + file + ": " + e);
    }
  }

  private static DatapathCapability sctp() {
    return new DatapathCapability(
        "Services by SCTP", State.FALLBACK, "not built; SCTP ports of a Service get no frontend");
  }
}
