package dev.nacelle.base.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MetricsTest {
  @Test
  void whatWasCountedIsExposedInBothFormats() {
    var metrics = new Metrics();
    metrics.counter("requests_total", "Requests.", "verb").cell("GET").add(3);
    metrics.gauge("depth", "Depth.").set(2.5);
    metrics.gauge("asked", "Asked.", () -> 7);
    metrics
        .histogram("wait_seconds", "Waits.", new double[] {0.1, 1})
        .observe(Duration.ofMillis(500));
    var plain = metrics.expose("");
    assertThat(plain.contentType()).startsWith("text/plain; version=0.0.4");
    assertThat(plain.text().toUtf8())
        .contains(
            "requests_total{verb=\"GET\"} 3.0",
            "depth 2.5",
            "asked 7.0",
            "wait_seconds_bucket{le=\"0.1\"} 0",
            "wait_seconds_bucket{le=\"1.0\"} 1",
            "process_cpu_seconds_total",
            "process_open_fds",
            "jvm_gc_collection_seconds_count");
    var open = metrics.expose("application/openmetrics-text; version=1.0.0");
    assertThat(open.contentType()).startsWith("application/openmetrics-text");
    assertThat(open.text().toUtf8()).endsWith("# EOF\n");
  }

  @Test
  void instancesDoNotShareMetrics() {
    new Metrics().counter("x_total", "X.").increment();
    new Metrics().counter("x_total", "X.").increment();
  }
}
