package dev.nacelle.runtime;

import dev.nacelle.base.json.JsonObject;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The start of one container, complete: a native starter needs nothing else, nothing is looked up
 * in the image. Made with {@link #builder}.
 *
 * @param id chosen by the caller, unique for ever on this host
 * @param sandboxId the sandbox it runs in, which must be there
 * @param rootFilesystem a directory, already mounted
 * @param args the command and its arguments
 * @param env in the order of definition
 * @param cwd absolute, in the container; made if it is missing
 * @param capabilities names with the CAP_ prefix, already resolved: the bounding, effective and
 *     permitted sets (for a user other than root the latter two come by file capabilities alone)
 * @param privileged all devices, writable /sys and cgroups, no masked paths, no seccomp
 * @param seccomp an OCI {@code linux.seccomp} object
 * @param terminationMessagePath in the container; the caller binds a file there, kept for status
 * @param processesOf a running container of the sandbox whose PID namespace it enters
 * @param attempt how often this container of its pod was restarted
 * @param labels kept with the container and returned in its status
 */
public record ContainerSpec(
    String id,
    String sandboxId,
    Path rootFilesystem,
    List<String> args,
    Map<String, String> env,
    String cwd,
    ProcessUser user,
    Set<String> capabilities,
    boolean noNewPrivileges,
    boolean privileged,
    boolean readOnlyRoot,
    List<String> maskedPaths,
    List<String> readOnlyPaths,
    List<Mount> mounts,
    List<Device> devices,
    Set<Stdio> stdio,
    Resources resources,
    List<Rlimit> rlimits,
    Optional<JsonObject> seccomp,
    Optional<String> terminationMessagePath,
    Optional<String> processesOf,
    LogFile log,
    int attempt,
    Map<String, String> labels) {

  /** What the container engines give a container unless told otherwise. */
  public static final Set<String> DEFAULT_CAPABILITIES =
      Set.of(
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_FSETID",
          "CAP_FOWNER",
          "CAP_MKNOD",
          "CAP_NET_RAW",
          "CAP_SETGID",
          "CAP_SETUID",
          "CAP_SETFCAP",
          "CAP_SETPCAP",
          "CAP_NET_BIND_SERVICE",
          "CAP_SYS_CHROOT",
          "CAP_KILL",
          "CAP_AUDIT_WRITE");

  /** The usual masked paths of {@code procMount: Default}. */
  public static final List<String> DEFAULT_MASKED_PATHS =
      List.of(
          "/proc/asound",
          "/proc/acpi",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/sys/firmware",
          "/sys/devices/virtual/powercap");

  /** The usual read-only paths of {@code procMount: Default}. */
  public static final List<String> DEFAULT_READ_ONLY_PATHS =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  public ContainerSpec {
    Ids.check("container", id);
    Ids.check("sandbox", sandboxId);
    args = List.copyOf(args);
    env = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(env));
    capabilities = Set.copyOf(capabilities);
    maskedPaths = List.copyOf(maskedPaths);
    readOnlyPaths = List.copyOf(readOnlyPaths);
    mounts = List.copyOf(mounts);
    devices = List.copyOf(devices);
    stdio = Set.copyOf(stdio);
    rlimits = List.copyOf(rlimits);
    labels = Map.copyOf(labels);
    if (args.isEmpty() || args.getFirst().isEmpty()) {
      throw new IllegalArgumentException("cannot start container " + id + ": no command specified");
    }
    if (!rootFilesystem.isAbsolute() || !cwd.startsWith("/")) {
      throw new IllegalArgumentException(
          "cannot start container " + id + ": root file system and cwd must be absolute paths");
    }
    for (String capability : capabilities) {
      if (!capability.startsWith("CAP_")) {
        throw new IllegalArgumentException("cannot use '" + capability + "' as a capability");
      }
    }
    args.forEach(ContainerSpec::noNul);
    env.forEach(
        (name, value) -> {
          noNul(name);
          noNul(value);
        });
  }

  private static void noNul(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("cannot use a NUL character in a command or environment");
    }
  }

  /** A builder with the defaults of a plain container: root, default capabilities, no limits. */
  public static Builder builder(
      String id, String sandboxId, Path rootFilesystem, List<String> args, LogFile log) {
    return new Builder(id, sandboxId, rootFilesystem, args, log);
  }

  /** Builds one specification; for one thread. */
  public static final class Builder {
    private final String id;
    private final String sandboxId;
    private final Path rootFilesystem;
    private final List<String> args;
    private final LogFile log;
    private Map<String, String> env = Map.of();
    private String cwd = "/";
    private ProcessUser user = ProcessUser.ROOT;
    private Set<String> capabilities = DEFAULT_CAPABILITIES;
    private boolean noNewPrivileges;
    private boolean privileged;
    private boolean readOnlyRoot;
    private List<String> maskedPaths = DEFAULT_MASKED_PATHS;
    private List<String> readOnlyPaths = DEFAULT_READ_ONLY_PATHS;
    private List<Mount> mounts = List.of();
    private List<Device> devices = List.of();
    private Set<Stdio> stdio = Set.of();
    private Resources resources = Resources.UNLIMITED;
    private List<Rlimit> rlimits = List.of();
    private @Nullable JsonObject seccomp;
    private @Nullable String terminationMessagePath;
    private @Nullable String processesOf;
    private int attempt;
    private Map<String, String> labels = Map.of();

    private Builder(
        String id, String sandboxId, Path rootFilesystem, List<String> args, LogFile log) {
      this.id = id;
      this.sandboxId = sandboxId;
      this.rootFilesystem = rootFilesystem;
      this.args = args;
      this.log = log;
    }

    public Builder env(Map<String, String> value) {
      env = value;
      return this;
    }

    public Builder cwd(String value) {
      cwd = value;
      return this;
    }

    public Builder user(ProcessUser value) {
      user = value;
      return this;
    }

    public Builder capabilities(Set<String> value) {
      capabilities = value;
      return this;
    }

    public Builder noNewPrivileges() {
      noNewPrivileges = true;
      return this;
    }

    public Builder privileged() {
      privileged = true;
      return this;
    }

    public Builder readOnlyRoot() {
      readOnlyRoot = true;
      return this;
    }

    public Builder maskedPaths(List<String> value) {
      maskedPaths = value;
      return this;
    }

    public Builder readOnlyPaths(List<String> value) {
      readOnlyPaths = value;
      return this;
    }

    public Builder mounts(List<? extends Mount> value) {
      mounts = List.copyOf(value);
      return this;
    }

    public Builder devices(List<Device> value) {
      devices = value;
      return this;
    }

    public Builder stdio(Set<Stdio> value) {
      stdio = value;
      return this;
    }

    public Builder resources(Resources value) {
      resources = value;
      return this;
    }

    public Builder rlimits(List<Rlimit> value) {
      rlimits = value;
      return this;
    }

    public Builder seccomp(JsonObject value) {
      seccomp = Objects.requireNonNull(value);
      return this;
    }

    public Builder terminationMessagePath(String value) {
      terminationMessagePath = Objects.requireNonNull(value);
      return this;
    }

    public Builder processesOf(String containerId) {
      processesOf = Objects.requireNonNull(containerId);
      return this;
    }

    public Builder attempt(int value) {
      attempt = value;
      return this;
    }

    public Builder labels(Map<String, String> value) {
      labels = value;
      return this;
    }

    public ContainerSpec build() {
      return new ContainerSpec(
          id,
          sandboxId,
          rootFilesystem,
          args,
          env,
          cwd,
          user,
          capabilities,
          noNewPrivileges,
          privileged,
          readOnlyRoot,
          maskedPaths,
          readOnlyPaths,
          mounts,
          devices,
          stdio,
          resources,
          rlimits,
          Optional.ofNullable(seccomp),
          Optional.ofNullable(terminationMessagePath),
          Optional.ofNullable(processesOf),
          log,
          attempt,
          labels);
    }
  }
}
