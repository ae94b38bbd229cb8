package dev.nacelle.runtime;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
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
        .put("mounts", new JsonArray(MountEntry.all(spec).stream().map(OciConfig::mount).toList()))
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

  private static Json mount(MountEntry mount) {
    return JsonObject.builder()
        .put("destination", mount.target())
        .put("type", mount.type())
        .put("source", mount.source())
        .put("options", strings(mount.options()))
        .build();
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
    linux.put("rootfsPropagation", MountEntry.anyShared(spec) ? "rshared" : "rslave");
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
