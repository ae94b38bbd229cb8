package dev.nacelle.bench.podstart;

import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.bench.platform.ApiConnection;
import dev.nacelle.bench.platform.CriLog;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.Watch;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import dev.nacelle.cli.ControlClient;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Starts pods through the platform one after the other; for one thread. */
final class PlatformPods implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String PODS = "/api/v1/namespaces/default/pods";

  private final ApiConnection api;
  private final ControlClient control;
  private final Watch watch;
  private final String image;
  private final Samples answered = new Samples();
  private final Samples output = new Samples();
  private final Map<String, Samples> stages = new LinkedHashMap<>();

  private PlatformPods(ApiConnection api, ControlClient control, Watch watch, String image) {
    this.api = api;
    this.control = control;
    this.watch = watch;
    this.image = image;
  }

  static PlatformPods on(Instance instance, String image)
      throws IOException, InterruptedException, VerbException {
    ApiConnection api = instance.api();
    awaitAccount(api);
    String revision = api.get(PODS).string("metadata", "resourceVersion").orElse("0");
    return new PlatformPods(api, instance.control(), api.watch(PODS, revision), image);
  }

  /** Pods are refused until the namespace has its service account. */
  private static void awaitAccount(ApiConnection api) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        api.get("/api/v1/namespaces/default/serviceaccounts/default");
        return;
      } catch (IOException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        Thread.sleep(20);
      }
    }
  }

  /** A pod from its creation to its removal. */
  void run(String name, Counted counted) throws IOException, InterruptedException, VerbException {
    Instant sent = Instant.now();
    long began = System.nanoTime();
    JsonObject pod = api.post(PODS, pod(name));
    double answer = (System.nanoTime() - began) / 1e6;
    String uid = pod.string("metadata", "uid").orElse("");
    awaitEnd(name);
    double first = CriLog.millisSince(sent, api.text(PODS + "/" + name + "/log?timestamps=true"));
    List<JsonObject> marks =
        control.get("/v1/waterfall?uid=" + uid).array("stages").objects().toList();
    api.delete(PODS + "/" + name);
    awaitGone(name);
    if (counted == Counted.YES) {
      answered.add(answer);
      output.add(first);
      for (JsonObject mark : marks) {
        stages
            .computeIfAbsent(mark.string("stage").orElse(""), s -> new Samples())
            .add(mark.integer("micros").orElse(0) / 1e3);
      }
    }
  }

  /** Whether a run goes into the samples. */
  enum Counted {
    YES,
    NO
  }

  private JsonObject pod(String name) {
    return JsonObject.builder()
        .put("apiVersion", "v1")
        .put("kind", "Pod")
        .put("metadata", JsonObject.builder().put("name", name).build())
        .put(
            "spec",
            JsonObject.builder()
                .put("restartPolicy", "Never")
                .put(
                    "containers",
                    JsonArray.of(
                        JsonObject.builder()
                            .put("name", "main")
                            .put("image", image)
                            .put("imagePullPolicy", "Never")
                            .put("command", JsonArray.ofStrings(PodStart.COMMAND))
                            .build()))
                .build())
        .build();
  }

  private void awaitEnd(String name) throws IOException {
    while (true) {
      Watch.Event event = watch.next();
      String phase = event.object().string("status", "phase").orElse("");
      if (isOf(event, name) && phase.equals("Succeeded")) {
        return;
      }
      if (isOf(event, name) && (phase.equals("Failed") || event.type().equals("DELETED"))) {
        throw new IOException("pod " + name + " failed: " + event.object().object("status"));
      }
    }
  }

  private void awaitGone(String name) throws IOException {
    Watch.Event event;
    do {
      event = watch.next();
    } while (!isOf(event, name) || !event.type().equals("DELETED"));
  }

  private static boolean isOf(Watch.Event event, String name) {
    return event.object().string("metadata", "name").orElse("").equals(name);
  }

  /** From sending the request to the stamp of the first log line, in milliseconds. */
  Samples output() {
    return output;
  }

  void print(PrintStream out) {
    Table table = Table.ofQuantiles("platform, ms since the request was sent");
    table.quantiles("create answered", answered);
    table.quantiles("first output (stamp of the log line)", output);
    table.print(out);
    out.println();
    Table own = Table.ofQuantiles("platform, ms since accepted (its own marks)");
    stages.entrySet().stream()
        .sorted(Comparator.comparingDouble(e -> e.getValue().median()))
        .forEach(e -> own.quantiles(e.getKey(), e.getValue()));
    own.print(out);
  }

  @Override
  public void close() {
    watch.close();
    control.close();
    api.close();
  }
}
