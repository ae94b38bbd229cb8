package dev.nacelle.node.start;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.runtime.ContainerSpec;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Resolves {@code securityContext.capabilities}. Pure. */
final class Capabilities {
  /** Every capability that Linux has, in the order of their numbers. */
  private static final String ALL =
      "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE"
          + " NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE"
          + " SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE"
          + " SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE"
          + " MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE";

  private Capabilities() {}

  /**
   * @param available what this process itself holds: nothing more can be given
   */
  static Set<String> of(JsonObject securityContext, Set<String> available) {
    if (securityContext.bool("privileged").orElse(false)) {
      return available;
    }
    Set<String> added = names(securityContext, "add");
    Set<String> dropped = names(securityContext, "drop");
    var result = new TreeSet<>(ContainerSpec.DEFAULT_CAPABILITIES);
    if (added.remove("CAP_ALL")) {
      result.addAll(available);
    }
    if (dropped.remove("CAP_ALL")) {
      result.clear();
    }
    result.addAll(added);
    result.removeAll(dropped);
    result.retainAll(available);
    return result;
  }

  static Set<String> all() {
    var result = new TreeSet<String>();
    for (String name : ALL.split(" ", -1)) {
      result.add("CAP_" + name);
    }
    return result;
  }

  /** The names of the bits of a mask such as {@code CapBnd} of {@code /proc/self/status}. */
  static Set<String> ofMask(long mask) {
    String[] names = ALL.split(" ", -1);
    var result = new TreeSet<String>();
    for (int i = 0; i < names.length; i++) {
      if ((mask & 1L << i) != 0) {
        result.add("CAP_" + names[i]);
      }
    }
    return result;
  }

  private static Set<String> names(JsonObject securityContext, String which) {
    var result = new TreeSet<String>();
    securityContext
        .array("capabilities", which)
        .strings()
        .map(c -> c.toUpperCase(Locale.ROOT))
        .forEach(c -> result.add(c.startsWith("CAP_") ? c : "CAP_" + c));
    return result;
  }
}
