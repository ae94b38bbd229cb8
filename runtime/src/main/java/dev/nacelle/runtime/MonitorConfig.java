package dev.nacelle.runtime;

import dev.nacelle.kernel.cgroup.Cgroup;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The monitor.conf of a container: entries "key=value" that end with NUL; a pure function. */
final class MonitorConfig {
  private static final List<String> CAPABILITIES =
      List.of(
          "CHOWN",
          "DAC_OVERRIDE",
          "DAC_READ_SEARCH",
          "FOWNER",
          "FSETID",
          "KILL",
          "SETGID",
          "SETUID",
          "SETPCAP",
          "LINUX_IMMUTABLE",
          "NET_BIND_SERVICE",
          "NET_BROADCAST",
          "NET_ADMIN",
          "NET_RAW",
          "IPC_LOCK",
          "IPC_OWNER",
          "SYS_MODULE",
          "SYS_RAWIO",
          "SYS_CHROOT",
          "SYS_PTRACE",
          "SYS_PACCT",
          "SYS_ADMIN",
          "SYS_BOOT",
          "SYS_NICE",
          "SYS_RESOURCE",
          "SYS_TIME",
          "SYS_TTY_CONFIG",
          "MKNOD",
          "LEASE",
          "AUDIT_WRITE",
          "AUDIT_CONTROL",
          "SETFCAP",
          "MAC_OVERRIDE",
          "MAC_ADMIN",
          "SYSLOG",
          "WAKE_ALARM",
          "BLOCK_SUSPEND",
          "AUDIT_READ",
          "PERFMON",
          "BPF",
          "CHECKPOINT_RESTORE");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private MonitorConfig() {}

  /**
   * @param hidden mounts that the runtime must not see
   * @param killsAll processes may outlive the first one: the monitor kills the cgroup's
   */
  static byte[] of(
      ContainerSpec spec,
      OciRuntime runtime,
      Path ociRoot,
      Path directory,
      Cgroup cgroup,
      List<Path> hidden,
      boolean killsAll) {
    var config = new MonitorConfig();
    config.put("runtime", runtime.program());
    config.put("flavor", runtime.flavor().word());
    config.put("root", ociRoot);
    runtime.globalArguments().forEach(argument -> config.put("arg", argument));
    config.put("bundle", directory);
    config.put("pidfile", directory.resolve("pid"));
    config.put("id", spec.id());
    hidden.forEach(path -> config.put("hide", path));
    cgroup.directories().forEach(path -> config.put("join", path));
    config.put("prejoin", runtime.joinsFirst() ? "1" : "0");
    config.put("oom", cgroup.oomFile());
    if (killsAll) {
      config.put("killall", cgroup.procsFile());
    }
    config.put("log", spec.log().path());
    config.put("logmax", spec.log().maxSizeBytes());
    config.put("logfiles", spec.log().maxFiles());
    config.put("tty", spec.stdio().contains(Stdio.TTY) ? "1" : "0");
    config.put("stdin", spec.stdio().contains(Stdio.STDIN) ? "1" : "0");
    config.put("stdinonce", spec.stdio().contains(Stdio.STDIN_ONCE) ? "1" : "0");
    config.process(spec);
    if (spec.seccomp().isPresent()
        && !spec.privileged()
        && runtime.flavor() == OciRuntime.Flavor.CRUN) {
      config.put("seccomp", ociRoot.resolve(spec.id()).resolve("seccomp.bpf"));
    }
    return config.out.toByteArray();
  }

  /** What a process started by exec gets, as the container's own. */
  private void process(ContainerSpec spec) {
    put("uid", spec.user().uid());
    put("gid", spec.user().gid());
    spec.user().supplementalGroups().forEach(group -> put("group", group));
    put("caps", Long.toHexString(mask(spec.capabilities())));
    put("nnp", spec.noNewPrivileges() ? "1" : "0");
    put("cwd", spec.cwd());
    spec.env().forEach((name, value) -> put("env", name + "=" + value));
  }

  private void put(String key, Object value) {
    out.writeBytes((key + "=" + value + "\0").getBytes(StandardCharsets.UTF_8));
  }

  private static long mask(Set<String> capabilities) {
    long mask = 0;
    for (String name : capabilities) {
      int bit = CAPABILITIES.indexOf(name.substring("CAP_".length()));
      if (bit < 0) {
        throw new ContainerRuntimeException(
            ContainerRuntimeException.Reason.INVALID, "cannot give the unknown capability " + name);
      }
      mask |= 1L << bit;
    }
    return mask;
  }
}
