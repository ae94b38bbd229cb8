package dev.nacelle.node.endpoint;

import dev.nacelle.node.NodeAgent;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.RuntimeStats;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * What containers use, measured at each call, as Prometheus text: {@code /metrics/cadvisor} and
 * {@code /metrics/resource} by the kubelet's names. Safe for any thread.
 */
final class UsageMetrics {
  private final NodeAgent agent;

  UsageMetrics(NodeAgent agent) {
    this.agent = agent;
  }

  /** One running container and its measurement. */
  record Sample(ContainerStatus container, RuntimeStats stats) {
    private String label(String name) {
      return container.labels().getOrDefault(name, "");
    }

    private String pod() {
      return "namespace=\""
          + escaped(label(ContainerStart.LABEL_POD_NAMESPACE))
          + "\",pod=\""
          + escaped(label(ContainerStart.LABEL_POD_NAME))
          + "\"";
    }

    private String name() {
      return "container=\"" + escaped(label(ContainerStart.LABEL_CONTAINER)) + "\"," + pod();
    }

    private String full() {
      return "container=\""
          + escaped(label(ContainerStart.LABEL_CONTAINER))
          + "\",id=\""
          + escaped(container.id())
          + "\",image=\""
          + escaped(label(ContainerStart.LABEL_IMAGE_NAME))
          + "\",name=\""
          + escaped(container.id())
          + "\","
          + pod();
    }
  }

  String cadvisor() {
    return cadvisor(samples());
  }

  String resource() {
    return resource(samples(), podSamples());
  }

  static String cadvisor(List<Sample> samples) {
    var text = new Text();
    text.family("container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed");
    samples.forEach(
        s ->
            text.line(
                "container_cpu_usage_seconds_total", s.full() + ",cpu=\"total\"", seconds(s), s));
    gauge(text, samples, "container_memory_usage_bytes", s -> s.stats().memoryUsageBytes());
    gauge(
        text,
        samples,
        "container_memory_working_set_bytes",
        s -> s.stats().memoryWorkingSetBytes());
    gauge(text, samples, "container_memory_rss", s -> s.stats().memoryRssBytes());
    gauge(text, samples, "container_processes", s -> s.stats().pids());
    gauge(
        text,
        samples,
        "container_spec_memory_limit_bytes",
        s -> s.stats().memoryLimitBytes().orElse(0));
    text.family(
        "container_memory_failures_total", "counter", "Cumulative count of memory page faults");
    for (Sample s : samples) {
      String scope = ",scope=\"container\"";
      text.line(
          "container_memory_failures_total",
          s.full() + ",failure_type=\"pgfault\"" + scope,
          Long.toString(s.stats().pageFaults()),
          s);
      text.line(
          "container_memory_failures_total",
          s.full() + ",failure_type=\"pgmajfault\"" + scope,
          Long.toString(s.stats().majorPageFaults()),
          s);
    }
    text.family("container_start_time_seconds", "gauge", "Start time of the container");
    samples.forEach(s -> text.line("container_start_time_seconds", s.full(), startSeconds(s), s));
    return text.toString();
  }

  /**
   * @param pods samples of whole sandboxes
   */
  static String resource(List<Sample> samples, List<Sample> pods) {
    var text = new Text();
    text.family(
        "container_cpu_usage_seconds_total", "counter", "Cumulative cpu time in core-seconds");
    samples.forEach(s -> text.line("container_cpu_usage_seconds_total", s.name(), seconds(s), s));
    text.family("container_memory_working_set_bytes", "gauge", "Current working set in bytes");
    samples.forEach(
        s ->
            text.line(
                "container_memory_working_set_bytes",
                s.name(),
                Long.toString(s.stats().memoryWorkingSetBytes()),
                s));
    text.family("container_start_time_seconds", "gauge", "Start time of the container");
    samples.forEach(s -> text.line("container_start_time_seconds", s.name(), startSeconds(s), s));
    text.family("pod_cpu_usage_seconds_total", "counter", "Cumulative cpu time in core-seconds");
    pods.forEach(s -> text.line("pod_cpu_usage_seconds_total", s.pod(), seconds(s), s));
    text.family("pod_memory_working_set_bytes", "gauge", "Current working set in bytes");
    pods.forEach(
        s ->
            text.line(
                "pod_memory_working_set_bytes",
                s.pod(),
                Long.toString(s.stats().memoryWorkingSetBytes()),
                s));
    text.family("resource_scrape_error", "gauge", "1 if there was an error");
    text.plain("resource_scrape_error 0");
    return text.toString();
  }

  private List<Sample> samples() {
    var result = new ArrayList<Sample>();
    for (ContainerStatus container : agent.services().runtime().containers()) {
      if (container.state() == ContainerStatus.State.RUNNING) {
        agent
            .services()
            .runtime()
            .stats(container.id())
            .ifPresent(stats -> result.add(new Sample(container, stats)));
      }
    }
    return result;
  }

  /** Of each pod one container for its names, with the measurement of its sandbox. */
  private List<Sample> podSamples() {
    var result = new ArrayList<Sample>();
    List<ContainerStatus> containers = agent.services().runtime().containers();
    for (PodView pod : agent.pods()) {
      Optional<ContainerStatus> any =
          containers.stream()
              .filter(c -> c.state() == ContainerStatus.State.RUNNING)
              .filter(c -> pod.uid().equals(c.labels().get(ContainerStart.LABEL_POD_UID)))
              .findFirst();
      any.flatMap(c -> agent.services().runtime().sandboxStats(c.sandboxId()))
          .ifPresent(stats -> result.add(new Sample(any.get(), stats)));
    }
    return result;
  }

  private static void gauge(
      Text text, List<Sample> samples, String name, Function<Sample, Long> value) {
    text.family(name, "gauge", name.replace('_', ' '));
    samples.forEach(s -> text.line(name, s.full(), Long.toString(value.apply(s)), s));
  }

  private static String seconds(Sample sample) {
    return String.format(Locale.ROOT, "%.9f", sample.stats().cpuNanos() / 1e9);
  }

  private static String startSeconds(Sample sample) {
    Instant start = sample.container().startedAt().orElse(sample.container().createdAt());
    return String.format(Locale.ROOT, "%.3f", start.toEpochMilli() / 1e3);
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  /** The lines of an exposition. */
  private static final class Text {
    private final StringBuilder out = new StringBuilder();

    void family(String name, String type, String help) {
      plain("# HELP " + name + " " + help);
      plain("# TYPE " + name + " " + type);
    }

    void line(String name, String labels, String value, Sample at) {
      plain(name + "{" + labels + "} " + value + " " + at.stats().at().toEpochMilli());
    }

    void plain(String line) {
      out.append(line).append('\n');
    }

    @Override
    public String toString() {
      return out.toString();
    }
  }
}
