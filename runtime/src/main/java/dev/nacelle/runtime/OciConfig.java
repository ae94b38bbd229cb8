package dev.nacelle.runtime;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The config.json of an OCI bundle (Open Container Initiative Runtime Specification 1.0.2), a pure
 * function of a {@link ContainerSpec} and where it runs.
 *
 * @param namespaces type to path; an empty path is a new one; an absent type is the host's
 * @param cgroup the cgroup the runtime is to use; empty where it is joined before
 * @param hardLimits of this host, by RLIMIT_ name: none is raised
 * @param hostDevices for a privileged container
 */
record OciConfig(
    Map<String, Optional<Path>> namespaces,
    Optional<String> cgroup,
    Map<String, Long> hardLimits,
    List<Device> hostDevices) {

  private static final Set<String> DEVICE_RULES =
      Set.of(
          "c *:* m",
          "b *:* m",
          "c 1:3 rwm",
          "c 1:5 rwm",
          "c 1:7 rwm",
          "c 1:8 rwm",
          "c 1:9 rwm",
          "c 5:0 rwm",
          "c 5:2 rwm",
          "c 136:* rwm");

  JsonObject of(ContainerSpec spec) {
    return JsonObject.builder()
        .put("ociVersion", "1.0.2")
        .put("process", process(spec))
        .put(
            "root",
            JsonObject.builder()
                .put("path", spec.rootFilesystem().toString())
                .put("readonly", spec.readOnlyRoot())
                .build())
        .put("mounts", new JsonArray(mounts(spec)))
        .put("linux", linux(spec))
        .build();
  }

  /** What a container may do with devices, in the notation of cgroup version 1. */
  static List<String> deviceRules(ContainerSpec spec) {
    if (spec.privileged()) {
      return List.of("a *:* rwm");
    }
    var rules = new ArrayList<>(DEVICE_RULES);
    for (Device device : spec.devices()) {
      String type = device.type() == Device.Type.CHARACTER ? "c" : "b";
      rules.add(type + " " + device.major() + ":" + device.minor() + " " + device.access());
    }
    return List.copyOf(rules);
  }

  private JsonObject process(ContainerSpec spec) {
    var env = new ArrayList<Json>();
    spec.env().forEach((name, value) -> env.add(Json.of(name + "=" + value)));
    if (spec.stdio().contains(Stdio.TTY) && !spec.env().containsKey("TERM")) {
      env.add(Json.of("TERM=xterm"));
    }
    var user = JsonObject.builder().put("uid", spec.user().uid()).put("gid", spec.user().gid());
    if (!spec.user().supplementalGroups().isEmpty()) {
      user.put(
          "additionalGids",
          new JsonArray(spec.user().supplementalGroups().stream().map(Json::of).toList()));
    }
    JsonArray capabilities = strings(spec.capabilities().stream().sorted().toList());
    return JsonObject.builder()
        .put("terminal", spec.stdio().contains(Stdio.TTY))
        .put("user", user.build())
        .put("args", strings(spec.args()))
        .put("env", new JsonArray(env))
        .put("cwd", spec.cwd())
        .put(
            "capabilities",
            JsonObject.builder()
                .put("bounding", capabilities)
                .put("effective", capabilities)
                .put("permitted", capabilities)
                .build())
        .put("rlimits", new JsonArray(spec.rlimits().stream().map(this::rlimit).toList()))
        .put("noNewPrivileges", spec.noNewPrivileges())
        .build();
  }

  private Json rlimit(Rlimit limit) {
    long most = hardLimits.getOrDefault(limit.type(), Long.MAX_VALUE);
    return JsonObject.builder()
        .put("type", limit.type())
        .put("soft", Math.min(limit.soft(), most))
        .put("hard", Math.min(limit.hard(), most))
        .build();
  }

  private static List<Json> mounts(ContainerSpec spec) {
    String mode = spec.privileged() ? "rw" : "ro";
    var standard = new ArrayList<JsonObject>();
    standard.add(mount("proc", "proc", "/proc", "nosuid", "noexec", "nodev"));
    standard.add(
        mount("tmpfs", "tmpfs", "/dev", "nosuid", "strictatime", "mode=755", "size=65536k"));
    standard.add(
        mount(
            "devpts",
            "devpts",
            "/dev/pts",
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "gid=5"));
    standard.add(
        mount("tmpfs", "shm", "/dev/shm", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
    standard.add(mount("mqueue", "mqueue", "/dev/mqueue", "nosuid", "noexec", "nodev"));
    standard.add(mount("sysfs", "sysfs", "/sys", "nosuid", "noexec", "nodev", mode));
    standard.add(
        mount("cgroup", "cgroup", "/sys/fs/cgroup", "nosuid", "noexec", "nodev", "relatime", mode));
    var given = new HashSet<String>();
    spec.mounts().forEach(m -> given.add(m.target()));
    var result = new ArrayList<Json>();
    for (JsonObject mount : standard) {
      if (!given.contains(mount.string("destination").orElseThrow())) {
        result.add(mount);
      }
    }
    // a mount below another one comes after it, whatever the order they were given in
    spec.mounts().stream()
        .sorted((a, b) -> Integer.compare(depth(a.target()), depth(b.target())))
        .map(OciConfig::mount)
        .forEach(result::add);
    return result;
  }

  private static int depth(String path) {
    return Path.of(path).normalize().getNameCount();
  }

  private static JsonObject mount(String type, String source, String target, String... options) {
    return JsonObject.builder()
        .put("destination", target)
        .put("type", type)
        .put("source", source)
        .put("options", strings(List.of(options)))
        .build();
  }

  private static Json mount(Mount mount) {
    return switch (mount) {
      case Mount.Bind bind -> {
        var options = flags(bind.options());
        options.add(bind.options().contains(Mount.Option.RECURSIVE) ? "rbind" : "bind");
        options.add(
            switch (bind.propagation()) {
              case NONE -> "rprivate";
              case HOST_TO_CONTAINER -> "rslave";
              case BIDIRECTIONAL -> "rshared";
            });
        yield mount(
            "bind", bind.source().toString(), bind.target(), options.toArray(String[]::new));
      }
      case Mount.Tmpfs tmpfs -> {
        var options = flags(tmpfs.options());
        options.add("mode=" + Integer.toOctalString(tmpfs.mode()));
        tmpfs.sizeBytes().ifPresent(size -> options.add("size=" + size));
        yield mount("tmpfs", "tmpfs", tmpfs.target(), options.toArray(String[]::new));
      }
    };
  }

  private static List<String> flags(Set<Mount.Option> options) {
    var words = new ArrayList<String>();
    words.add(options.contains(Mount.Option.READ_ONLY) ? "ro" : "rw");
    if (options.contains(Mount.Option.NO_EXEC)) {
      words.add("noexec");
    }
    if (options.contains(Mount.Option.NO_SUID)) {
      words.add("nosuid");
    }
    if (options.contains(Mount.Option.NO_DEV)) {
      words.add("nodev");
    }
    return words;
  }

  private JsonObject linux(ContainerSpec spec) {
    var linux = JsonObject.builder().put("namespaces", new JsonArray(namespaceList()));
    var devices = new ArrayList<Json>();
    spec.devices().forEach(device -> devices.add(device(device)));
    if (spec.privileged()) {
      hostDevices.forEach(device -> devices.add(device(device)));
    } else {
      linux.put("maskedPaths", strings(spec.maskedPaths()));
      linux.put("readonlyPaths", strings(spec.readOnlyPaths()));
      linux.putIf("seccomp", spec.seccomp());
    }
    if (!devices.isEmpty()) {
      linux.put("devices", new JsonArray(devices));
    }
    cgroup.ifPresent(
        path -> {
          linux.put("cgroupsPath", path);
          linux.put("resources", resources(spec));
        });
    boolean shared =
        spec.mounts().stream()
            .anyMatch(
                m ->
                    m instanceof Mount.Bind b
                        && b.propagation() == Mount.Propagation.BIDIRECTIONAL);
    linux.put("rootfsPropagation", shared ? "rshared" : "rslave");
    return linux.build();
  }

  private List<Json> namespaceList() {
    var result = new ArrayList<Json>();
    namespaces.forEach(
        (type, path) -> {
          var namespace = JsonObject.builder().put("type", type);
          path.ifPresent(p -> namespace.put("path", p.toString()));
          result.add(namespace.build());
        });
    return result;
  }

  private static Json device(Device device) {
    return JsonObject.builder()
        .put("path", device.path())
        .put("type", device.type() == Device.Type.CHARACTER ? "c" : "b")
        .put("major", device.major())
        .put("minor", device.minor())
        .put("fileMode", device.mode())
        .put("uid", device.uid())
        .put("gid", device.gid())
        .build();
  }

  private static JsonObject resources(ContainerSpec spec) {
    Resources r = spec.resources();
    var cpu = JsonObject.builder();
    r.cpuShares().ifPresent(shares -> cpu.put("shares", shares));
    r.cpuQuotaMicros()
        .ifPresent(quota -> cpu.put("quota", quota).put("period", r.cpuPeriodMicros()));
    var rules = new ArrayList<Json>();
    rules.add(JsonObject.builder().put("allow", false).put("access", "rwm").build());
    for (String rule : deviceRules(spec)) {
      rules.add(rule(rule));
    }
    var resources =
        JsonObject.builder().put("devices", new JsonArray(rules)).put("cpu", cpu.build());
    r.memoryBytes()
        .ifPresent(
            limit -> resources.put("memory", JsonObject.builder().put("limit", limit).build()));
    r.pids()
        .ifPresent(
            limit -> resources.put("pids", JsonObject.builder().put("limit", limit).build()));
    return resources.build();
  }

  /** "c 1:3 rwm" as an object; a star is an absent number. */
  private static Json rule(String text) {
    String[] words = text.split("[ :]");
    var rule = JsonObject.builder().put("allow", true).put("type", words[0]);
    if (!words[1].equals("*")) {
      rule.put("major", Long.parseLong(words[1]));
    }
    if (!words[2].equals("*")) {
      rule.put("minor", Long.parseLong(words[2]));
    }
    return rule.put("access", words[3]).build();
  }

  private static JsonArray strings(List<String> values) {
    return new JsonArray(values.stream().map(Json::of).toList());
  }
}
