package dev.nacelle.runtime;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.kernel.cgroup.Cgroup;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  /** By their numbers. */
  private static final List<String> LIMITS =
      List.of(
          "CPU",
          "FSIZE",
          "DATA",
          "STACK",
          "CORE",
          "RSS",
          "NPROC",
          "NOFILE",
          "MEMLOCK",
          "AS",
          "LOCKS",
          "SIGPENDING",
          "MSGQUEUE",
          "NICE",
          "RTPRIO",
          "RTTIME");

  private static final byte[] RECORD = "record=".getBytes(StandardCharsets.UTF_8);

  private static final Map<String, String> NAMESPACES =
      Map.of("network", "ns.net", "ipc", "ns.ipc", "uts", "ns.uts", "pid", "ns.pid");

  /**
   * Where a container lives on this host.
   *
   * @param directory its own
   * @param killsAll processes may outlive the first one: the monitor kills the cgroup's
   */
  record Place(Path ociRoot, Path directory, Cgroup cgroup, boolean killsAll) {}

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private MonitorConfig() {}

  /** Of a container that crun or runc starts. */
  static byte[] of(ContainerSpec spec, Place place, OciRuntime runtime, List<Path> hidden) {
    var config = new MonitorConfig();
    config.put("runtime", runtime.program());
    config.put("flavor", runtime.flavor().word());
    config.put("root", place.ociRoot());
    runtime.globalArguments().forEach(argument -> config.put("arg", argument));
    config.put("bundle", place.directory());
    config.put("pidfile", place.directory().resolve("pid"));
    hidden.forEach(path -> config.put("hide", path));
    config.put("prejoin", runtime.joinsFirst() ? "1" : "0");
    config.common(spec, place);
    if (spec.seccomp().isPresent()
        && !spec.privileged()
        && runtime.flavor() == OciRuntime.Flavor.CRUN) {
      config.put("seccomp", place.ociRoot().resolve(spec.id()).resolve("seccomp.bpf"));
    }
    return config.out.toByteArray();
  }

  /**
   * Of a container that its monitor starts.
   *
   * @param namespaces type to path; an empty path is a new one; an absent type is the host's
   * @param hostDevices for a privileged container
   */
  static byte[] of(
      ContainerSpec spec,
      Place place,
      Map<String, Optional<Path>> namespaces,
      List<Device> hostDevices) {
    var config = new MonitorConfig();
    config.put("starter", "native");
    config.put("rootfs", spec.rootFilesystem());
    config.put("rootro", spec.readOnlyRoot() ? "1" : "0");
    config.put("rootshared", MountEntry.anyShared(spec) ? "1" : "0");
    NAMESPACES.forEach(
        (type, key) -> {
          Optional<Path> path = namespaces.get(type);
          if (path != null) {
            config.put(key, path.map(Path::toString).orElse("new"));
          }
        });
    place.cgroup().unifiedDirectory().ifPresent(path -> config.put("cgroup2", path));
    for (MountEntry mount : MountEntry.all(spec)) {
      config.put("mount", mount.type() + " " + String.join(" ", mount.options()));
      config.put("source", mount.source());
      config.put("target", mount.target());
    }
    spec.devices().forEach(config::device);
    if (spec.privileged()) {
      hostDevices.forEach(config::device);
    } else {
      spec.maskedPaths().forEach(path -> config.put("masked", path));
      spec.readOnlyPaths().forEach(path -> config.put("readonly", path));
    }
    spec.rlimits().forEach(config::limit);
    spec.args().forEach(argument -> config.put("argv", argument));
    config.common(spec, place);
    return config.out.toByteArray();
  }

  /** A configuration with what the platform itself keeps of the container behind it. */
  static byte[] withRecord(byte[] config, ContainerRecord record) {
    var result = new MonitorConfig();
    result.out.writeBytes(config);
    result.out.writeBytes(RECORD);
    result.out.writeBytes(JsonWriter.write(record.toJson()).unsafeArray());
    result.out.write(0);
    return result.out.toByteArray();
  }

  /** The record in a configuration; empty if it was not written to its end. */
  static Optional<ContainerRecord> record(byte[] config) {
    int end = config.length - 1;
    int begin = end - 1;
    while (begin >= 0 && config[begin] != 0) {
      begin--;
    }
    begin++;
    boolean whole =
        end > begin + RECORD.length
            && config[end] == 0
            && Arrays.equals(config, begin, begin + RECORD.length, RECORD, 0, RECORD.length);
    return whole
        ? Optional.of(
            ContainerRecord.of(
                JsonReader.readObject(
                    Bytes.wrap(Arrays.copyOfRange(config, begin + RECORD.length, end)))))
        : Optional.empty();
  }

  private void device(Device device) {
    put(
        "device",
        "%s %d %d %o %d %d %s"
            .formatted(
                device.type() == Device.Type.CHARACTER ? "c" : "b",
                device.major(),
                device.minor(),
                device.mode(),
                device.uid(),
                device.gid(),
                device.path()));
  }

  private void limit(Rlimit limit) {
    int number = LIMITS.indexOf(limit.type().substring("RLIMIT_".length()));
    if (number < 0) {
      throw new ContainerRuntimeException(
          ContainerRuntimeException.Reason.INVALID, "cannot set the unknown limit " + limit.type());
    }
    put("rlimit", number + " " + limit.soft() + " " + limit.hard());
  }

  private void common(ContainerSpec spec, Place place) {
    put("id", spec.id());
    place.cgroup().directories().forEach(path -> put("join", path));
    put("oom", place.cgroup().oomFile());
    if (place.killsAll()) {
      put("killall", place.cgroup().procsFile());
    }
    put("log", spec.log().path());
    put("logmax", spec.log().maxSizeBytes());
    put("logfiles", spec.log().maxFiles());
    put("tty", spec.stdio().contains(Stdio.TTY) ? "1" : "0");
    put("stdin", spec.stdio().contains(Stdio.STDIN) ? "1" : "0");
    put("stdinonce", spec.stdio().contains(Stdio.STDIN_ONCE) ? "1" : "0");
    process(spec);
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
