package dev.nacelle.node.endpoint;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageUsage;
import dev.nacelle.node.NodeAgent;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.RuntimeStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Builds {@code /stats/summary} and {@code /pods} as the kubelet's. */
final class StatsSummary {
  private final NodeAgent agent;

  StatsSummary(NodeAgent agent) {
    this.agent = agent;
  }

  JsonObject pods() {
    return JsonObject.builder()
        .put("kind", "PodList")
        .put("apiVersion", "v1")
        .put("metadata", JsonObject.EMPTY)
        .put(
            "items",
            new JsonArray(agent.pods().stream().map(p -> (Json) p.object().json()).toList()))
        .build();
  }

  JsonObject summary() {
    Map<String, List<ContainerStatus>> byPod =
        agent.services().runtime().containers().stream()
            .filter(c -> c.state() == ContainerStatus.State.RUNNING)
            .collect(
                Collectors.groupingBy(
                    c -> c.labels().getOrDefault(ContainerStart.LABEL_POD_UID, "")));
    var pods = new ArrayList<Json>();
    for (PodView pod : agent.pods()) {
      pods.add(pod(pod, byPod.getOrDefault(pod.uid(), List.of())));
    }
    return JsonObject.builder().put("node", node()).put("pods", new JsonArray(pods)).build();
  }

  private JsonObject node() {
    ImageUsage usage = agent.services().images().usage();
    String time = KubeObject.formatTime(agent.services().clock().instant());
    JsonObject disk =
        fileSystem(
            time,
            usage.diskAvailableBytes(),
            usage.diskCapacityBytes(),
            usage.diskCapacityBytes() - usage.diskAvailableBytes(),
            usage);
    JsonObject ofImages =
        fileSystem(time, usage.availableBytes(), usage.capacityBytes(), usage.usedBytes(), usage);
    return JsonObject.builder()
        .put("nodeName", agent.services().config().name())
        .put("fs", disk)
        .put("runtime", JsonObject.builder().put("imageFs", ofImages).build())
        .build();
  }

  private static JsonObject fileSystem(
      String time, long available, long capacity, long used, ImageUsage usage) {
    return JsonObject.builder()
        .put("time", time)
        .put("availableBytes", available)
        .put("capacityBytes", capacity)
        .put("usedBytes", used)
        .put("inodesFree", usage.diskInodesFree())
        .put("inodes", usage.diskInodes())
        .put("inodesUsed", usage.diskInodes() - usage.diskInodesFree())
        .build();
  }

  private JsonObject pod(PodView pod, List<ContainerStatus> running) {
    var containers = new ArrayList<Json>();
    for (ContainerStatus container : running) {
      Optional<RuntimeStats> stats = agent.services().runtime().stats(container.id());
      stats.ifPresent(
          s ->
              containers.add(
                  measured(s)
                      .put(
                          "name",
                          container.labels().getOrDefault(ContainerStart.LABEL_CONTAINER, ""))
                      .put(
                          "startTime",
                          KubeObject.formatTime(
                              container.startedAt().orElse(container.createdAt())))
                      .build()));
    }
    return JsonObject.builder()
        .put(
            "podRef",
            JsonObject.builder()
                .put("name", pod.object().name())
                .put("namespace", pod.object().namespace())
                .put("uid", pod.uid())
                .build())
        .put("containers", new JsonArray(containers))
        .build();
  }

  private static JsonObject.Builder measured(RuntimeStats stats) {
    String time = KubeObject.formatTime(stats.at());
    return JsonObject.builder()
        .put(
            "cpu",
            JsonObject.builder()
                .put("time", time)
                .put("usageCoreNanoSeconds", stats.cpuNanos())
                .build())
        .put(
            "memory",
            JsonObject.builder()
                .put("time", time)
                .put("usageBytes", stats.memoryUsageBytes())
                .put("workingSetBytes", stats.memoryWorkingSetBytes())
                .put("rssBytes", stats.memoryRssBytes())
                .put("pageFaults", stats.pageFaults())
                .put("majorPageFaults", stats.majorPageFaults())
                .build());
  }
}
