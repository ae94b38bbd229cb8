package dev.nacelle.node;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageStore;
import dev.nacelle.image.ImageUsage;
import dev.nacelle.image.Platform;
import dev.nacelle.image.ResolvedImage;
import dev.nacelle.node.pod.HostMemory;
import dev.nacelle.runtime.ContainerRuntime;
import dev.nacelle.runtime.RuntimeCapability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Builds {@code status} of this host's Node as the kubelet writes it. Safe for any thread. */
final class NodeStatus {
  private static final long LEAST_MEMORY = 100L << 20;
  private static final long LEAST_DISK_PERCENT = 10;
  private static final int MAX_IMAGES = 50;
  private static final int MAX_NAMES = 5;

  private final NodeConfig config;
  private final ContainerRuntime runtime;
  private final ImageStore images;

  /** What does not change while the host is up. */
  private final JsonObject info;

  NodeStatus(NodeConfig config, ContainerRuntime runtime, ImageStore images) {
    this.config = config;
    this.runtime = runtime;
    this.images = images;
    this.info = info(config);
  }

  /** As it is now, without the times of its conditions. */
  JsonObject now() {
    JsonObject resources =
        JsonObject.builder()
            .put("cpu", Integer.toString(Runtime.getRuntime().availableProcessors()))
            .put("memory", HostMemory.TOTAL_BYTES / 1024 + "Ki")
            .put("ephemeral-storage", images.usage().diskCapacityBytes() / 1024 + "Ki")
            .put("pods", Integer.toString(config.maxPods()))
            .build();
    return JsonObject.builder()
        .put("capacity", resources)
        .put("allocatable", resources)
        .put("conditions", conditions())
        .put(
            "addresses",
            JsonArray.of(
                pair("type", "InternalIP", "address", config.address()),
                pair("type", "Hostname", "address", config.name())))
        .put(
            "daemonEndpoints",
            JsonObject.EMPTY.withAt(Json.of(config.endpointPort()), "kubeletEndpoint", "Port"))
        .put("nodeInfo", info)
        .put("images", imageNames())
        .build();
  }

  private JsonArray conditions() {
    List<RuntimeCapability> missing =
        runtime.capabilities().stream()
            .filter(c -> c.level() == RuntimeCapability.Level.MISSING)
            .toList();
    ImageUsage disk = images.usage();
    return JsonArray.of(
        HostMemory.availableBytes() < LEAST_MEMORY
            ? condition(
                "MemoryPressure",
                "True",
                "KubeletHasInsufficientMemory",
                "kubelet has insufficient memory available")
            : condition(
                "MemoryPressure",
                "False",
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available"),
        disk.diskAvailableBytes() < disk.diskCapacityBytes() / 100 * LEAST_DISK_PERCENT
            ? condition(
                "DiskPressure", "True", "KubeletHasDiskPressure", "kubelet has disk pressure")
            : condition(
                "DiskPressure",
                "False",
                "KubeletHasNoDiskPressure",
                "kubelet has no disk pressure"),
        condition(
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available"),
        missing.isEmpty()
            ? condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")
            : condition(
                "Ready",
                "False",
                "KubeletNotReady",
                missing.getFirst().name() + ": " + missing.getFirst().detail()));
  }

  private static JsonObject condition(String type, String status, String reason, String message) {
    return JsonObject.builder()
        .put("type", type)
        .put("status", status)
        .put("reason", reason)
        .put("message", message)
        .build();
  }

  private static JsonObject info(NodeConfig config) {
    return JsonObject.builder()
        .put("machineID", read("/etc/machine-id"))
        .put("systemUUID", read("/sys/class/dmi/id/product_uuid"))
        .put("bootID", read("/proc/sys/kernel/random/boot_id"))
        .put("kernelVersion", read("/proc/sys/kernel/osrelease"))
        .put("osImage", osImage())
        .put("containerRuntimeVersion", "nacelle://" + version())
        .put("kubeletVersion", config.version())
        .put("kubeProxyVersion", "")
        .put("operatingSystem", "linux")
        .put("architecture", Platform.host().architecture())
        .build();
  }

  private static String version() {
    String version = NodeStatus.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }

  private JsonArray imageNames() {
    var result = new ArrayList<Json>();
    for (ResolvedImage image : images.list().stream().limit(MAX_IMAGES).toList()) {
      List<String> names =
          Stream.concat(image.repoDigests().stream(), image.names().stream())
              .limit(MAX_NAMES)
              .toList();
      result.add(
          JsonObject.builder()
              .put("names", JsonArray.ofStrings(names))
              .put("sizeBytes", image.sizeBytes())
              .build());
    }
    return new JsonArray(result);
  }

  private static String osImage() {
    try {
      return Files.readAllLines(Path.of("/etc/os-release")).stream()
          .filter(l -> l.startsWith("PRETTY_NAME="))
          .map(l -> l.substring("PRETTY_NAME=".length()).replace("\"", ""))
          .findFirst()
          .orElse("Linux");
    } catch (IOException e) {
      return "Linux";
    }
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      return "";
    }
  }

  private static JsonObject pair(String name, String value, String otherName, String otherValue) {
    return JsonObject.builder().put(name, value).put(otherName, otherValue).build();
  }
}
