package dev.nacelle.apiserver.http;

import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.metrics.Counter;
import dev.nacelle.base.metrics.Histogram;
import dev.nacelle.base.metrics.Metrics;
import java.time.Duration;
import java.util.Optional;

/** Counts requests and their time, in the names of kube-apiserver's metrics. */
final class RequestMetrics {
  private static final double[] BUCKETS = {
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 10, 30, 60
  };

  private final Counter requests;
  private final Histogram durations;

  RequestMetrics(Metrics metrics) {
    this.requests =
        metrics.counter(
            "apiserver_request_total",
            "Requests by verb, resource and code.",
            "verb",
            "group",
            "version",
            "resource",
            "subresource",
            "code");
    this.durations =
        metrics.histogram(
            "apiserver_request_duration_seconds", "Time to answer, by verb.", BUCKETS, "verb");
  }

  /**
   * @param known whether the resource is one that is served: others are not told apart, so that a
   *     stranger cannot make series without bound
   */
  void record(
      HttpExchange exchange, Optional<ResourcePath> path, boolean known, int code, long nanos) {
    String verb = verb(exchange, path);
    String number = Integer.toString(code);
    if (path.isPresent() && known) {
      ResourcePath p = path.get();
      requests.increment(verb, p.group(), p.version(), p.resource(), p.subresource(), number);
    } else {
      requests.increment(verb, "", "", "", "", number);
    }
    if (!verb.equals("WATCH")) {
      durations.observe(Duration.ofNanos(nanos), verb);
    }
  }

  private static String verb(HttpExchange exchange, Optional<ResourcePath> path) {
    return switch (exchange.method()) {
      case "GET" ->
          path.isEmpty()
              ? "GET"
              : path.get().isWatch() || exchange.query().flag("watch")
                  ? "WATCH"
                  : path.get().name().isEmpty() ? "LIST" : "GET";
      case "POST", "PUT", "PATCH", "DELETE", "HEAD" -> exchange.method();
      default -> "other";
    };
  }
}
