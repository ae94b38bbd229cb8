package dev.nacelle.base.metrics;

import dev.nacelle.base.bytes.Bytes;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.DoubleSupplier;

/**
 * The metrics of one instance. Names and labels follow Prometheus' rules; a name is registered
 * once. Safe for any thread.
 */
public final class Metrics {
  private final PrometheusRegistry registry = new PrometheusRegistry();

  /** Empty but for the metrics of the JVM and the process. */
  public Metrics() {
    ProcessMetrics.register(this, registry);
  }

  /** A text for a scraper. */
  public record Exposition(String contentType, Bytes text) {}

  /**
   * A count that only grows.
   *
   * @param name ends in {@code _total}
   * @throws IllegalArgumentException if the name is taken or not allowed
   */
  public Counter counter(String name, String help, String... labels) {
    return new Counter(
        io.prometheus.metrics.core.metrics.Counter.builder()
            .name(name)
            .help(help)
            .labelNames(labels)
            .withoutExemplars()
            .register(registry));
  }

  /**
   * A value that goes up and down.
   *
   * @throws IllegalArgumentException if the name is taken or not allowed
   */
  public Gauge gauge(String name, String help, String... labels) {
    return new Gauge(
        io.prometheus.metrics.core.metrics.Gauge.builder()
            .name(name)
            .help(help)
            .labelNames(labels)
            .withoutExemplars()
            .register(registry));
  }

  /** A value that is asked for when the metrics are read, on the reader's thread. */
  public void gauge(String name, String help, DoubleSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }

  /**
   * A distribution.
   *
   * @param name ends in its unit, as {@code _seconds}
   * @param upperBounds of the buckets, rising
   * @throws IllegalArgumentException if the name is taken or not allowed
   */
  public Histogram histogram(String name, String help, double[] upperBounds, String... labels) {
    return new Histogram(
        io.prometheus.metrics.core.metrics.Histogram.builder()
            .name(name)
            .help(help)
            .classicOnly()
            .classicUpperBounds(upperBounds)
            .labelNames(labels)
            .withoutExemplars()
            .register(registry));
  }

  /**
   * All metrics as text: OpenMetrics if the client accepts it, else Prometheus 0.0.4.
   *
   * @param accept the {@code Accept} header, empty when there is none
   */
  public Exposition expose(String accept) {
    ExpositionFormats formats = ExpositionFormats.init();
    ExpositionFormatWriter writer =
        accept.contains("application/openmetrics-text")
            ? formats.getOpenMetricsTextFormatWriter()
            : formats.getPrometheusTextFormatWriter();
    var out = new ByteArrayOutputStream(16 << 10);
    try {
      writer.write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Exposition(writer.getContentType(), Bytes.wrap(out.toByteArray()));
  }
}
