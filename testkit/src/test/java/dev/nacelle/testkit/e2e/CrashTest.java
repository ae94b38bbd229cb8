package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.testkit.e2e.AcknowledgedWriter.Fate;
import dev.nacelle.testkit.e2e.AcknowledgedWriter.Written;
import dev.nacelle.testkit.e2e.RevisionWatcher.Jump;
import dev.nacelle.testkit.e2e.RevisionWatcher.Seen;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The platform is killed again and again at random moments, its first start included, while others
 * write, watch, and call a Service. {@code -Dnacelle.crash.count} says how often, {@code
 * -Dnacelle.crash.seed} repeats the moments of a run.
 */
@Tag("e2e")
class CrashTest {
  private static final int CRASHES = Integer.getInteger("nacelle.crash.count", 6);
  private static final long SEED = Long.getLong("nacelle.crash.seed", System.nanoTime());
  private static final int WRITERS = 8;

  /** Of the crashes, every so many comes before the platform was up for the first time. */
  private static final int IN_FIRST_START = 4;

  /** Longer than most starts, of which the first are the longest. */
  private static final int START_MILLIS = 4_000;

  private static final int LIFE_MILLIS = 3_000;

  private static final List<WatchedKind> KINDS =
      List.of(
          WatchedKind.core("ConfigMap", "configmaps").with("{\"data\":{\"a\":\"b\"}}"),
          WatchedKind.core("Secret", "secrets").with("{\"data\":{\"a\":\"Yg==\"}}"),
          WatchedKind.core("ServiceAccount", "serviceaccounts"),
          WatchedKind.core("Service", "services").with("{\"spec\":{\"ports\":[{\"port\":80}]}}"),
          WatchedKind.of("coordination.k8s.io", "v1", "Lease", "leases"),
          WatchedKind.of("rbac.authorization.k8s.io", "v1", "Role", "roles"),
          WatchedKind.of("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
              .with("{\"addressType\":\"IPv4\",\"endpoints\":[]}"),
          WatchedKind.of("crash.nacelle.test", "v1", "Widget", "widgets")
              .with("{\"spec\":{\"size\":1}}"));

  private static final String WORKLOAD =
      """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata: {name: widgets.crash.nacelle.test}
      spec:
        group: crash.nacelle.test
        scope: Namespaced
        names: {plural: widgets, singular: widget, kind: Widget}
        versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties: {spec: {type: object, properties: {size: {type: integer}}}}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: counter}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - {name: main, image: "nacelle.test/busybox:1", command: COUNTING}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: pair}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - {name: left, image: "nacelle.test/busybox:1", command: COUNTING}
          - {name: right, image: "nacelle.test/busybox:1", command: COUNTING}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        replicas: 2
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec:
            terminationGracePeriodSeconds: 0
            containers:
              - name: main
                image: nacelle.test/busybox:1
                command: [sh, -c, "mkdir /www; echo here >/www/index.html; exec httpd -f -p 8080 -h /www"]
                readinessProbe: {httpGet: {port: 8080, path: /}, periodSeconds: 1}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: web}
      spec:
        type: NodePort
        selector: {app: web}
        ports: [{port: 80, targetPort: 8080}]
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: once}
      spec:
        restartPolicy: Never
        containers:
          - {name: main, image: "nacelle.test/busybox:1", command: ENDING}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: again}
      spec:
        terminationGracePeriodSeconds: 0
        containers:
          - {name: main, image: "nacelle.test/busybox:1", command: ENDING}
      """
          .replace("COUNTING", CounterLog.COMMAND)
          .replace(
              "ENDING",
              "[sh, -c, \"echo begun; while [ ! -e /tmp/end ]; do usleep 50000; done; exit 7\"]");

  private final Random random = new Random(SEED);
  private final List<AcknowledgedWriter> writers = new ArrayList<>();
  private final List<RevisionWatcher> watchers = new ArrayList<>();
  private final List<SteadyCaller> callers = new ArrayList<>();
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
        for (AutoCloseable each : callers) {
          each.close();
        }
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
      writers.add(new AcknowledgedWriter(KINDS, i, api));
    }
    KINDS.forEach(kind -> watchers.add(new RevisionWatcher(kind, api)));

    int first = 1 + (CRASHES - 1) / IN_FIRST_START;
    for (int n = 0; n < first; n++) {
      crashDuringStart(platform);
    }
    platform.up();
    platform.importBusybox();
    Kubectl kubectl = platform.kubectl();
    kubectl.awaitPath("{.metadata.name}", "default"::equals, "serviceaccount", "default");
    kubectl.apply(WORKLOAD);
    kubectl.await("condition=Ready", "pod/counter", "pod/pair", "pod/once", "pod/again");
    kubectl.ok("rollout", "status", "deployment/web", "--timeout=90s");
    call(kubectl);
    String before = running(kubectl);
    ContainerProcess once = ContainerProcess.of(kubectl, "once", "main");
    ContainerProcess again = ContainerProcess.of(kubectl, "again", "main");

    for (int n = first; n < CRASHES; n++) {
      if (n == first || random.nextBoolean()) {
        crashWhenUp(platform);
      } else {
        crashDuringStart(platform);
      }
    }
    endWhileNobodyLooks(once);
    endWhileNobodyLooks(again);
    platform.up();

    assertThat(running(kubectl)).isEqualTo(before);
    assertEndsWereNoticed(kubectl);
    List<Integer> soFar = writers.stream().map(AcknowledgedWriter::acknowledged).toList();
    for (int i = 0; i < WRITERS; i++) {
      int number = i;
      Eventually.holds(
          "writer " + i + " writes again",
          () -> writers.get(number).acknowledged() > soFar.get(number));
    }
    for (AcknowledgedWriter writer : writers) {
      writer.close();
    }
    report();
    assertNoOddRefusals();
    assertAcknowledgedIsThere();
    watchers.forEach(this::assertSawEachOnceInOrder);
    assertCountersHaveNoGap(kubectl);
    assertThat(kubectl.ok("exec", "counter", "--", "echo", "here")).isEqualTo("here\n");
    for (SteadyCaller caller : callers) {
      caller.close();
      assertThat(caller.answered()).isPositive();
      assertThat(caller.failures()).as("calls of the Service that failed").isEmpty();
    }
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

  private void call(Kubectl kubectl) {
    String address = kubectl.path("{.spec.clusterIP}", "service", "web");
    String port = kubectl.path("{.spec.ports[0].nodePort}", "service", "web");
    callers.add(new SteadyCaller(address, 80));
    callers.add(new SteadyCaller("127.0.0.1", Integer.parseInt(port)));
  }

  /** Starts it and kills it at a random moment of its start, or soon after. */
  private void crashDuringStart(PlatformUnderTest platform) throws InterruptedException {
    long life = random.nextInt(START_MILLIS);
    try (BackgroundCommand up = platform.upCommand().background()) {
      // the first time the launcher may have to build
      Eventually.holds(
          Duration.ofMinutes(15),
          "the platform's process is there",
          () -> platform.newestProcess().isPresent(),
          () -> String.join("\n", up.lines()));
      ProcessHandle process = platform.newestProcess().orElseThrow();
      Thread.sleep(life); // no condition: a random moment
      PlatformUnderTest.kill(process);
      int code = up.awaitExit(); // the launcher notices, however early it was
      System.out.printf("crash %d ms after its start, up said %d%n", life, code);
    }
  }

  /** Starts it if it does not run, and kills it at a random moment of its life. */
  private void crashWhenUp(PlatformUnderTest platform) throws InterruptedException {
    platform.up();
    long life = random.nextInt(LIFE_MILLIS);
    Thread.sleep(life); // no condition: a random moment
    platform.kill();
    System.out.printf("crash %d ms after it was up%n", life);
  }

  private static void endWhileNobodyLooks(ContainerProcess process) throws IOException {
    Files.createFile(process.file("/tmp/end"));
    Eventually.holds("process " + process.pid() + " has ended", () -> !process.isAlive());
  }

  /** What must not change, in words. */
  private static String running(Kubectl kubectl) {
    var words = new ArrayList<String>();
    words.add(
        kubectl.path(
            "{range .items[*]}{.metadata.name} {.metadata.uid} {.status.podIP}"
                + " {range .status.containerStatuses[*]}{.containerID} {.restartCount}"
                + " {.state.running.startedAt} {end}{\"\\n\"}{end}",
            "pods",
            "--field-selector=metadata.name!=once,metadata.name!=again"));
    words.add(
        kubectl.path("{.spec.clusterIPs} {.spec.ports}", "service", "web")
            + kubectl.path("{.spec.clusterIPs}", "service", "kubernetes"));
    words.add(ContainerProcess.of(kubectl, "counter", "main").toString());
    words.add(ContainerProcess.of(kubectl, "pair", "left").toString());
    words.add(ContainerProcess.of(kubectl, "pair", "right").toString());
    for (String pod : kubectl.ok("get", "pods", "-l", "app=web", "-o", "name").lines().toList()) {
      words.add(ContainerProcess.of(kubectl, pod.replace("pod/", ""), "main").toString());
    }
    assertThat(words).hasSize(7);
    return String.join("\n", words);
  }

  private static void assertEndsWereNoticed(Kubectl kubectl) {
    String status = ".status.containerStatuses[0]";
    kubectl.awaitPath("{.status.phase}", "Failed"::equals, "pod", "once");
    assertThat(
            kubectl.path(
                "{%1$s.state.terminated.exitCode} {%1$s.restartCount}".formatted(status),
                "pod",
                "once"))
        .isEqualTo("7 0");
    kubectl.awaitPath(
        "{%1$s.lastState.terminated.exitCode} {%1$s.restartCount} {%1$s.ready}".formatted(status),
        "7 1 true"::equals,
        "pod",
        "again");
    assertThat(kubectl.ok("logs", "again", "--previous")).isEqualTo("begun\n");
  }

  private static void assertCountersHaveNoGap(Kubectl kubectl) {
    for (String[] which :
        List.of(
            new String[] {"counter"},
            new String[] {"pair", "-c", "left"},
            new String[] {"pair", "-c", "right"})) {
      assertThat(CounterLog.wholeOf(kubectl, which)).isGreaterThan(100);
    }
  }

  private void report() {
    System.out.printf(
        "crashes %d, seed %d, acknowledged writes %d of %d objects, watches opened %d times, lists"
            + " after a 410: %d, calls of the Service %d%n",
        CRASHES,
        SEED,
        writers.stream().mapToInt(AcknowledgedWriter::acknowledged).sum(),
        writers.stream().mapToInt(w -> w.written().size()).sum(),
        watchers.stream().mapToInt(RevisionWatcher::resumed).sum(),
        watchers.stream().mapToInt(w -> w.jumps().size()).sum() - watchers.size(),
        callers.stream().mapToInt(SteadyCaller::answered).sum());
  }

  /** A server that starts or stops may be unavailable; it must not lie about who may do what. */
  private void assertNoOddRefusals() {
    var all = new TreeMap<String, Integer>();
    writers.forEach(w -> w.refusals().forEach((why, n) -> all.merge(why, n, Integer::sum)));
    System.out.println("refusals: " + all);
    assertThat(all.keySet()).allSatisfy(why -> assertThat(why).matches("(404|429|503|504) .*"));
  }

  private List<Written> written(WatchedKind kind) {
    return writers.stream()
        .flatMap(w -> w.written().stream())
        .filter(w -> w.kind().equals(kind))
        .toList();
  }

  private void assertAcknowledgedIsThere() throws IOException, InterruptedException {
    for (WatchedKind kind : KINDS) {
      ApiOverHttps.Answer list = clients.getFirst().get(kind.path());
      assertThat(list.status()).isEqualTo(200);
      Map<String, JsonObject> found =
          list.body()
              .array("items")
              .objects()
              .collect(
                  Collectors.toMap(
                      o -> o.string("metadata", "name").orElseThrow(), Function.identity()));
      assertThat(written(kind)).as("acknowledged objects of kind %s", kind).isNotEmpty();
      for (Written known : written(kind)) {
        switch (known.fate()) {
          case DELETED -> assertThat(found).as("deleted %s", kind).doesNotContainKey(known.name());
          case KEPT -> {
            assertThat(found).as("acknowledged %s", kind).containsKey(known.name());
            assertIsAsAcknowledged(known, Objects.requireNonNull(found.get(known.name())));
          }
          case UNKNOWN -> {
            if (found.containsKey(known.name())) {
              assertIsAsAcknowledged(known, Objects.requireNonNull(found.get(known.name())));
            }
          }
        }
      }
      if (kind.kind().equals("Service")) {
        assertThat(found.values().stream().map(o -> o.string("spec", "clusterIP").orElseThrow()))
            .doesNotHaveDuplicates();
      }
    }
  }

  private static void assertIsAsAcknowledged(Written known, JsonObject now) {
    assertThat(Long.parseLong(now.string("metadata", "resourceVersion").orElseThrow()))
        .as("revision of %s", known)
        .isGreaterThanOrEqualTo(known.revisions().getLast());
    assertThat(Long.parseLong(now.string("metadata", "annotations", "value").orElseThrow()))
        .as("value of %s", known)
        .isBetween(known.value(), known.attempted());
  }

  private void assertSawEachOnceInOrder(RevisionWatcher watcher) {
    WatchedKind kind = watcher.kind();
    List<Long> expected =
        written(kind).stream().flatMap(w -> w.revisions().stream()).sorted().toList();
    Eventually.holds(
        "the watch on " + kind + " has seen the last acknowledged revision",
        () -> watcher.last() >= expected.getLast(),
        () -> "it is at " + watcher.last() + " of " + expected.getLast());
    List<Seen> seen = watcher.events();
    for (int i = 1; i < seen.size(); i++) {
      assertThat(seen.get(i).revision())
          .as("%s: %s after %s", kind, seen.get(i), seen.get(i - 1))
          .isGreaterThan(seen.get(i - 1).revision());
    }
    Set<Long> revisions = seen.stream().map(Seen::revision).collect(Collectors.toSet());
    List<Jump> jumps = watcher.jumps();
    assertThat(expected)
        .as("acknowledged revisions of %s that the watch missed", kind)
        .allMatch(
            r ->
                revisions.contains(r) || jumps.stream().anyMatch(j -> r > j.from() && r <= j.to()));
    if (jumps.size() == 1) {
      Set<String> deleted =
          written(kind).stream()
              .filter(w -> w.fate() == Fate.DELETED)
              // those before were gone, perhaps, when the watch began
              .filter(w -> w.revisions().getLast() > jumps.getFirst().to())
              .map(Written::name)
              .collect(Collectors.toSet());
      Eventually.sees(
          "the watch on " + kind + " has seen every acknowledged deletion",
          () -> {
            var missing = new HashSet<>(deleted);
            watcher.events().stream()
                .filter(s -> s.type().equals("DELETED"))
                .forEach(s -> missing.remove(s.name()));
            return missing;
          },
          Set::isEmpty);
    }
  }
}
