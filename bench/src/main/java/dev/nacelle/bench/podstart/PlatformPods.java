package dev.nacelle.bench.podstart;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.bench.platform.CriLog;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.Pods;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import dev.nacelle.cli.ControlClient;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Starts pods through the platform one after the other; for one thread. */
final class PlatformPods implements AutoCloseable {
  private final Pods pods;
  private final ControlClient control;
  private final String image;
  private final Samples answered = new Samples();
  private final Samples output = new Samples();
  private final Map<String, Samples> stages = new LinkedHashMap<>();

  private PlatformPods(Pods pods, ControlClient control, String image) {
    this.pods = pods;
    this.control = control;
    this.image = image;
  }

  static PlatformPods on(Instance instance, String image)
      throws IOException, InterruptedException, VerbException {
    return new PlatformPods(Pods.on(instance.api()), instance.control(), image);
  }

  /** A pod from its creation to its removal. */
  void run(String name, Counted counted) throws IOException, InterruptedException, VerbException {
    Instant sent = Instant.now();
    long began = System.nanoTime();
    String uid = pods.create(new Pods.Spec(name, image, "Never", PodStart.COMMAND));
    double answer = (System.nanoTime() - began) / 1e6;
    pods.awaitEnd(Set.of(name));
    double first = CriLog.millisSince(sent, pods.log(name));
    List<JsonObject> marks =
        control.get("/v1/waterfall?uid=" + uid).array("stages").objects().toList();
    pods.remove(Set.of(name));
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
    control.close();
    pods.close();
  }
}
