package dev.nacelle.apiserver.http;

import dev.nacelle.base.http.HttpExchange;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts requests and their time, in the names of kube-apiserver's metrics. The number of series is
 * bounded: what goes beyond is counted as {@code other}.
 */
final class RequestMetrics {
  private static final int MAX_SERIES = 5_000;
  private static final double[] BUCKETS = {
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 10, 30, 60
  };

  private final Map<Series, LongAdder> counts = new ConcurrentHashMap<>();
  private final Map<String, Durations> durations = new ConcurrentHashMap<>();

  private record Series(String verb, String group, String version, String resource, int code) {}

  private static final class Durations {
    private final LongAdder[] buckets = new LongAdder[BUCKETS.length];
    private final LongAdder count = new LongAdder();
    private final LongAdder nanos = new LongAdder();

    Durations() {
      for (int i = 0; i < buckets.length; i++) {
        buckets[i] = new LongAdder();
      }
    }
  }

  void record(HttpExchange exchange, Optional<ResourcePath> path, int code, long nanos) {
    String verb = verb(exchange, path);
    var series =
        path.map(p -> new Series(verb, p.group(), p.version(), resource(p), code))
            .orElse(new Series(verb, "", "", "", code));
    if (counts.size() >= MAX_SERIES && !counts.containsKey(series)) {
      series = new Series(verb, "", "", "other", code);
    }
    counts.computeIfAbsent(series, s -> new LongAdder()).increment();
    if (verb.equals("WATCH") || verb.equals("CONNECT")) {
      return;
    }
    Durations of = durations.computeIfAbsent(verb, v -> new Durations());
    of.count.increment();
    of.nanos.add(nanos);
    for (int i = BUCKETS.length - 1; i >= 0 && nanos <= BUCKETS[i] * 1e9; i--) {
      of.buckets[i].increment();
    }
  }

  private static String resource(ResourcePath path) {
    return path.subresource().isEmpty()
        ? path.resource()
        : path.resource() + "/" + path.subresource();
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

  /** In the Prometheus text format. */
  String text() {
    var out = new StringBuilder(8192);
    out.append("# HELP apiserver_request_total Requests by verb, resource and code.\n");
    out.append("# TYPE apiserver_request_total counter\n");
    counts.forEach(
        (s, n) ->
            out.append("apiserver_request_total{verb=\"")
                .append(s.verb())
                .append("\",group=\"")
                .append(escaped(s.group()))
                .append("\",version=\"")
                .append(escaped(s.version()))
                .append("\",resource=\"")
                .append(escaped(s.resource()))
                .append("\",code=\"")
                .append(s.code())
                .append("\"} ")
                .append(n.sum())
                .append('\n'));
    out.append("# HELP apiserver_request_duration_seconds Time to answer, by verb.\n");
    out.append("# TYPE apiserver_request_duration_seconds histogram\n");
    new TreeMap<>(durations).forEach((verb, d) -> durations(out, verb, d));
    return out.toString();
  }

  private static void durations(StringBuilder out, String verb, Durations d) {
    String name = "apiserver_request_duration_seconds";
    for (int i = 0; i < BUCKETS.length; i++) {
      out.append(name).append("_bucket{verb=\"").append(verb).append("\",le=\"");
      out.append(BUCKETS[i]).append("\"} ").append(d.buckets[i].sum()).append('\n');
    }
    out.append(name).append("_bucket{verb=\"").append(verb).append("\",le=\"+Inf\"} ");
    out.append(d.count.sum()).append('\n');
    out.append(name).append("_sum{verb=\"").append(verb).append("\"} ");
    out.append(d.nanos.sum() / 1e9).append('\n');
    out.append(name).append("_count{verb=\"").append(verb).append("\"} ");
    out.append(d.count.sum()).append('\n');
  }

  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
