package dev.nacelle.image;

import dev.nacelle.base.metrics.Counter;
import dev.nacelle.base.metrics.Metrics;

/** What a host counts of the layers that it compares on its disk. Safe for any thread. */
public final class RestMetrics {
  private final Counter.Cell sound;
  private final Counter.Cell damaged;
  private final Counter.Cell bytes;

  public RestMetrics(Metrics metrics) {
    Counter compared =
        metrics.counter(
            "nacelle_image_layers_compared_total",
            "Layers on the disk that were compared with what was recorded when they came.",
            "outcome");
    sound = compared.cell("sound");
    damaged = compared.cell("damaged");
    bytes =
        metrics
            .counter(
                "nacelle_image_compared_bytes_total",
                "Bytes of layers on the disk that were read to be compared.")
            .cell();
  }

  void read(long count) {
    bytes.add(count);
  }

  void sound() {
    sound.increment();
  }

  void damaged() {
    damaged.increment();
  }
}
