package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.testkit.e2e.AcknowledgedWriter.Acknowledged;
import dev.nacelle.testkit.e2e.AcknowledgedWriter.Known;
import dev.nacelle.testkit.e2e.ApiOverHttps.Answer;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The platform is killed again and again at random moments, its first start included, while others
 * write. {@code -Dnacelle.crash.count} says how often, {@code -Dnacelle.crash.seed} repeats a run.
 */
@Tag("e2e")
class CrashTest {
  private static final int CRASHES = Integer.getInteger("nacelle.crash.count", 6);
  private static final long SEED = Long.getLong("nacelle.crash.seed", System.nanoTime());
  private static final int WRITERS = 8;

  /** Longer than a start, so that about half of the crashes come during one. */
  private static final int LONGEST_LIFE_MILLIS = 6_000;

  private static final List<WatchedKind> KINDS =
      List.of(
          WatchedKind.core("ConfigMap", "configmaps"),
          WatchedKind.core("Secret", "secrets"),
          WatchedKind.core("ServiceAccount", "serviceaccounts"),
          WatchedKind.of("coordination.k8s.io", "v1", "Lease", "leases"));

  private static final String WORKLOAD =
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: counter, labels: {app: counter}}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - name: main
            image: nacelle.test/busybox:1
            command: ["sh", "-c", "i=0; while true; do echo $i; i=$((i+1)); usleep 10000; done"]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: counter}
      spec:
        selector: {app: counter}
        ports: [{port: 80}]
      """;

  private final Random random = new Random(SEED);
  private final List<AcknowledgedWriter> writers = new ArrayList<>();
  private final List<RevisionWatcher> watchers = new ArrayList<>();
  private final List<ApiOverHttps> clients = new ArrayList<>();

  @Test
  void nothingAcknowledgedIsLostAndNothingRunningIsTouched() throws Exception {
    PlatformUnderTest.missing().ifPresent(why -> Assumptions.abort(why));
    try (var platform = PlatformUnderTest.create("crash")) {
      try {
        run(platform);
      } catch (AssertionError | Exception e) {
        System.out.println(platform.logTail());
        throw new AssertionError("with -Dnacelle.crash.seed=" + SEED, e);
      } finally {
        for (AutoCloseable each : watchers) {
          each.close();
        }
        clients.forEach(ApiOverHttps::close);
      }
    }
  }

  private void run(PlatformUnderTest platform) throws Exception {
    Supplier<ApiOverHttps> api = () -> whenThere(platform);
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new AcknowledgedWriter(KINDS.get(i % KINDS.size()), "w" + i, api));
    }
    KINDS.forEach(kind -> watchers.add(new RevisionWatcher(kind, api)));

    crash(platform); // in the first start, or soon after it
    platform.up();
    platform.importBusybox();
    Kubectl kubectl = platform.kubectl();
    kubectl.awaitPath("{.metadata.name}", "default"::equals, "serviceaccount", "default");
    kubectl.apply(WORKLOAD);
    kubectl.await("condition=Ready", "pod/counter");
    String before = identity(kubectl);
    for (int n = 1; n < CRASHES; n++) {
      if (n == 1) {
        platform.kill(); // it was up
      } else {
        crash(platform);
      }
    }
    platform.up();
    int resumed = watchers.getFirst().resumed();
    Eventually.holds("the watches are resumed", () -> watchers.getFirst().resumed() >= resumed);
    for (AcknowledgedWriter writer : writers) {
      writer.close();
    }

    assertThat(identity(kubectl)).isEqualTo(before);
    assertCounterHasNoGap(kubectl);
    int acknowledged = writers.stream().mapToInt(w -> w.acknowledged().size()).sum();
    System.out.printf(
        "crashes %d, seed %d, acknowledged writes %d, watches opened %d times%n",
        CRASHES, SEED, acknowledged, watchers.stream().mapToInt(RevisionWatcher::resumed).sum());
    assertThat(acknowledged).as("acknowledged writes").isGreaterThan(WRITERS);
    assertAcknowledgedIsThere();
    watchers.forEach(this::assertSawEachOnceInOrder);
    assertThat(kubectl.ok("exec", "counter", "--", "echo", "here")).isEqualTo("here\n");
  }

  private synchronized ApiOverHttps whenThere(PlatformUnderTest platform) {
    Eventually.holds(
        Duration.ofMinutes(20),
        "there is a kubeconfig",
        () -> Files.exists(platform.data().resolve("kubeconfig")),
        () -> "");
    ApiOverHttps client = ApiOverHttps.of(platform.data().resolve("kubeconfig"));
    clients.add(client);
    return client;
  }

  /** Starts it and kills it at a random moment after that. */
  private void crash(PlatformUnderTest platform) throws InterruptedException {
    long life = random.nextInt(LONGEST_LIFE_MILLIS);
    try (BackgroundCommand up = platform.upCommand().background()) {
      // the first time the launcher may have to build
      Eventually.holds(
          Duration.ofMinutes(15),
          "the platform's process is there",
          () -> platform.newestProcess().isPresent(),
          () -> String.join("\n", up.lines()));
      ProcessHandle process = platform.newestProcess().orElseThrow();
      Thread.sleep(life);
      PlatformUnderTest.kill(process);
      up.awaitExit(); // the launcher notices, however early it was
    }
  }

  private static String identity(Kubectl kubectl) {
    return kubectl.path(
            "{.metadata.uid} {.status.podIP} {.status.containerStatuses[0].containerID}"
                + " {.status.containerStatuses[0].restartCount}"
                + " {.status.containerStatuses[0].state.running.startedAt}",
            "pod",
            "counter")
        + " "
        + ContainerProcess.pid(kubectl, "counter", "main")
        + " "
        + kubectl.path("{.spec.clusterIP} {.spec.clusterIPs}", "service", "counter")
        + " "
        + kubectl.path("{.spec.clusterIP}", "service", "kubernetes");
  }

  private static void assertCounterHasNoGap(Kubectl kubectl) {
    List<String> lines = kubectl.ok("logs", "counter").lines().toList();
    assertThat(lines.size()).isGreaterThan(100);
    for (int i = 0; i < lines.size(); i++) {
      assertThat(lines.get(i)).as("line %d of the log", i).isEqualTo(Integer.toString(i));
    }
  }

  private void assertAcknowledgedIsThere() throws IOException, InterruptedException {
    Map<String, Map<String, Known>> found = new HashMap<>();
    for (WatchedKind kind : KINDS) {
      Answer list = clients.getFirst().get(kind.path());
      assertThat(list.status()).isEqualTo(200);
      Map<String, Known> objects = new HashMap<>();
      list.body()
          .array("items")
          .objects()
          .forEach(
              o ->
                  objects.put(
                      o.string("metadata", "name").orElseThrow(),
                      new Known(
                          Long.parseLong(o.string("metadata", "resourceVersion").orElseThrow()),
                          Long.parseLong(o.string("metadata", "annotations", "value").orElse("-1")),
                          0)));
      found.put(kind.kind(), objects);
    }
    for (AcknowledgedWriter writer : writers) {
      writer
          .objects()
          .forEach(
              (name, known) -> {
                String what = writer.kind().kind() + " " + name;
                Optional<Known> now =
                    Optional.ofNullable(found.get(writer.kind().kind()).get(name));
                assertThat(now).as("acknowledged %s", what).isPresent();
                Known there = now.orElseThrow();
                assertThat(there.revision()).as(what).isGreaterThanOrEqualTo(known.revision());
                assertThat(there.acknowledgedValue())
                    .as("value of %s", what)
                    .isBetween(known.acknowledgedValue(), known.attemptedValue());
              });
    }
  }

  private void assertSawEachOnceInOrder(RevisionWatcher watcher) {
    List<Long> expected =
        writers.stream()
            .filter(w -> w.kind().equals(watcher.kind()))
            .flatMap(w -> w.acknowledged().stream())
            .map(Acknowledged::revision)
            .sorted()
            .toList();
    String kind = watcher.kind().kind();
    Eventually.holds(
        "the watch on " + kind + " has seen the last acknowledged revision",
        () -> watcher.last() >= expected.getLast(),
        () -> "it is at " + watcher.last() + " of " + expected.getLast());
    List<Long> seen = watcher.revisions();
    for (int i = 1; i < seen.size(); i++) {
      assertThat(seen.get(i)).as("%s: event %d", kind, i).isGreaterThan(seen.get(i - 1));
    }
    var missed = new ArrayList<>(expected);
    missed.removeAll(new HashSet<>(seen));
    List<RevisionWatcher.Jump> jumps = watcher.jumps();
    missed.removeIf(r -> jumps.stream().anyMatch(j -> r > j.from() && r <= j.to()));
    assertThat(missed).as("acknowledged revisions of %s that the watch missed", kind).isEmpty();
  }
}
