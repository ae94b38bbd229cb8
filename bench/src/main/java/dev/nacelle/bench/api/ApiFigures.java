package dev.nacelle.bench.api;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.bench.platform.ApiConnection;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Machine;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The API over TLS at 16 connections with a bearer token: rate, latency and processor time of the
 * server for each request. The clients share the machine with the server.
 */
public final class ApiFigures {
  private static final int CONNECTIONS = 16;
  private static final int WATCHED_CREATES = 500;
  private static final int LISTED = 500;
  private static final int OBJECT_BYTES = 1_024;
  private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
  private static final String LISTS = "/api/v1/namespaces/bench-list/configmaps";
  private static final String WATCHED = "/api/v1/namespaces/bench-watch/configmaps";

  private final Instance instance;
  private final Duration time;
  private final Session session;
  private final PrintStream out;
  private final Table table =
      new Table(
          "16 connections",
          "per s",
          "CPU ms",
          "p50 ms",
          "p99 ms",
          "KiB each",
          "answered",
          "failed",
          "load");
  private final List<Runnable> verdicts = new ArrayList<>();

  private ApiFigures(Session session, Instance instance, Duration time) {
    this.session = session;
    this.instance = instance;
    this.time = time;
    this.out = session.out();
  }

  /**
   * @param time for each kind of request; half as much and 5 s go before it as warm-up
   */
  public static void run(Session session, Duration time) throws IOException, InterruptedException {
    try (Instance instance = session.instance()) {
      instance.up();
      new ApiFigures(session, instance, time).measure();
    }
  }

  private void measure() throws IOException, InterruptedException {
    try (ApiConnection api = instance.api()) {
      for (String namespace : List.of("bench-list", "bench-watch")) {
        api.post("/api/v1/namespaces", named("Namespace", "name", namespace).build());
      }
      api.post(CONFIG_MAPS, configMap("name", "bench-read"));
      for (int i = 0; i < LISTED; i++) {
        api.post(LISTS, configMap("name", "bench-" + i));
      }
      Path body = instance.work().resolve("body.json");
      Files.write(body, JsonWriter.write(configMap("generateName", "bench-")).toByteArray());

      load(api, "GET 1 KB", CONFIG_MAPS + "/bench-read", Optional.empty(), 3_000, 10_000);
      load(
          api,
          "GET 1 KB, resourceVersion=0",
          CONFIG_MAPS + "/bench-read?resourceVersion=0",
          Optional.empty());
      load(api, "POST 1 KB, durable", CONFIG_MAPS, Optional.of(body), 1_600, 5_000);
      load(api, "LIST 500 of 1 KB", LISTS, Optional.empty());

      WatchLatency watch = new WatchLatency();
      watch.run(api, WATCHED, configMap("generateName", "bench-"), 1, WATCHED_CREATES);
      WatchLatency watches = new WatchLatency();
      watches.run(api, WATCHED, configMap("generateName", "bench-"), CONNECTIONS, WATCHED_CREATES);
      print(watch, watches);
    }
  }

  private void load(
      ApiConnection api, String title, String path, Optional<Path> body, double floor, double goal)
      throws IOException, InterruptedException {
    double perSecond = load(api, title, path, body);
    verdicts.add(() -> Target.above(title, "/s", floor, goal).print(perSecond, out));
  }

  private double load(ApiConnection api, String title, String path, Optional<Path> body)
      throws IOException, InterruptedException {
    H2load h2load = new H2load(instance.token(), CONNECTIONS, instance.work());
    h2load.run(api.url(path), body, time.dividedBy(2).plusSeconds(5));
    long pid = instance.pid();
    session.profile().begin(instance);
    double before = CpuTime.millis(pid);
    H2load.Result result = h2load.run(api.url(path), body, time);
    double used = CpuTime.millis(pid) - before;
    session.profile().end(instance, "api-" + title.replaceAll("[^A-Za-z0-9]+", "-"));
    String load = Machine.load();
    table.row(
        title,
        Table.number(result.perSecond()),
        Table.number(used / Math.max(1, result.succeeded())),
        Table.number(result.millis().median()),
        Table.number(result.millis().quantile(0.99)),
        Table.number(result.bytes() / 1024.0 / Math.max(1, result.succeeded())),
        String.valueOf(result.succeeded()),
        String.valueOf(result.others()),
        load.substring(0, load.indexOf(' ')));
    return result.perSecond();
  }

  private void print(WatchLatency one, WatchLatency many) throws IOException, InterruptedException {
    session.heading("api: over TLS with a bearer token, the clients on the same machine");
    table.row("upstream, quiet: GET", "2,970", "0.60");
    table.row("upstream, quiet: GET, resourceVersion=0", "5,070", "0.36");
    table.row("upstream, quiet: POST 1 KB", "1,600", "1.16");
    table.row("upstream, quiet: LIST 500 pods of 1 KB", "77.0", "23.0");
    table.print(out);
    out.println(
        "(upstream: kube-apiserver 1.36.2 with etcd 3.6.8, taken once on a machine like this)");
    out.println();
    Table watches = Table.ofQuantiles("watch over TLS, ms, one durable create at a time");
    watches.quantiles("create sent -> answered", one.answered());
    watches.quantiles("create sent -> event, 1 watcher", one.sinceSent());
    watches.quantiles("create sent -> event, each of 16 watchers", many.sinceSent());
    watches.quantiles("answered -> event, 1 watcher", one.sinceAnswered());
    watches.quantiles("answered -> event, each of 16 watchers", many.sinceAnswered());
    watches.print(out);
    out.println();
    verdicts.forEach(Runnable::run);
  }

  private static JsonObject.Builder named(String kind, String field, String name) {
    return JsonObject.builder()
        .put("apiVersion", "v1")
        .put("kind", kind)
        .put("metadata", JsonObject.builder().put(field, name).build());
  }

  /** An object whose data has one kilobyte. */
  private static JsonObject configMap(String field, String name) {
    return named("ConfigMap", field, name)
        .put("data", JsonObject.builder().put("text", "x".repeat(OBJECT_BYTES)).build())
        .build();
  }
}
