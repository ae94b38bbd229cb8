package dev.nacelle.node.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.pod.Pods;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class ProberTest {
  private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
  private static final ProbeResult FAILED = new ProbeResult.Failed("no");

  private static final ProbeResult REFUSED = new ProbeResult.Refused("refused");

  /** What is said of the container, in order. */
  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();

  /** The answers of the probes to come; a try waits for its answer. */
  private final BlockingQueue<ProbeResult> answers = new LinkedBlockingQueue<>();

  private final List<Duration> sleeps = java.util.Collections.synchronizedList(new ArrayList<>());
  private final List<Prober> probers = new ArrayList<>();

  @AfterEach
  void closeProbers() {
    probers.forEach(Prober::close);
  }

  private void probe(String container, Prober.State known) {
    JsonObject json = Pods.yaml(container);
    probers.add(
        new Prober(
            json,
            (probe, timeout) -> {
              said.add("try " + probe.string("name").orElse("") + " " + timeout.toSeconds());
              return answers.take();
            },
            START,
            known,
            new Prober.Listener() {
              @Override
              public void changed(Prober.State state) {
                said.add("started=" + state.started() + " ready=" + state.ready());
              }

              @Override
              public void failed(Prober.Kind kind, String output) {
                said.add(kind + " failed " + output);
              }

              @Override
              public void errored(Prober.Kind kind, String why) {
                said.add(kind + " errored " + why);
              }

              @Override
              public void unhealthy(Prober.Kind kind) {
                said.add(kind + " unhealthy");
              }
            },
            new Pace() {
              @Override
              public Instant now() {
                return START;
              }

              @Override
              public void sleep(Duration time) {
                sleeps.add(time);
              }
            }));
  }

  private void expect(String... words) throws InterruptedException {
    for (String word : words) {
      assertThat(said.poll(10, TimeUnit.SECONDS)).isEqualTo(word);
    }
  }

  private static final Prober.State UNKNOWN = new Prober.State(false, false);

  @Test
  void containerWithoutReadinessProbeIsReadyAtOnce() throws Exception {
    probe("livenessProbe: {name: l}", UNKNOWN);
    expect("started=true ready=true", "try l 1");
  }

  @Test
  void readinessNeedsItsThresholdsInARow() throws Exception {
    probe("readinessProbe: {name: r, successThreshold: 2, failureThreshold: 2}", UNKNOWN);
    expect("started=true ready=false", "try r 1");
    answers.addAll(List.of(ProbeResult.PASSED, FAILED, ProbeResult.PASSED, ProbeResult.PASSED));
    expect("try r 1", "READINESS failed no", "try r 1", "try r 1", "started=true ready=true");
    expect("try r 1");
    answers.addAll(List.of(FAILED, FAILED));
    expect("READINESS failed no", "try r 1", "READINESS failed no", "started=true ready=false");
  }

  @Test
  void livenessThatFailsThreeTimesAsksForARestartOnce() throws Exception {
    probe("livenessProbe: {name: l, timeoutSeconds: 4}", UNKNOWN);
    answers.addAll(List.of(FAILED, ProbeResult.PASSED, FAILED, FAILED, FAILED));
    expect(
        "started=true ready=true",
        "try l 4",
        "LIVENESS failed no",
        "try l 4",
        "try l 4",
        "LIVENESS failed no",
        "try l 4",
        "LIVENESS failed no",
        "try l 4",
        "LIVENESS failed no",
        "LIVENESS unhealthy");
  }

  @Test
  void tryThatCouldNotBeMadeDoesNotCount() throws Exception {
    probe("livenessProbe: {name: l, failureThreshold: 2}", UNKNOWN);
    answers.addAll(List.of(FAILED, new ProbeResult.Unknown("keeper is away"), FAILED));
    expect(
        "started=true ready=true",
        "try l 1",
        "LIVENESS failed no",
        "try l 1",
        "LIVENESS errored keeper is away",
        "try l 1",
        "LIVENESS failed no",
        "LIVENESS unhealthy");
  }

  @Test
  void startupHoldsTheOthersBack() throws Exception {
    probe("startupProbe: {name: s}\nreadinessProbe: {name: r}", UNKNOWN);
    expect("try s 1");
    answers.add(FAILED);
    expect("STARTUP failed no", "try s 1");
    answers.add(ProbeResult.PASSED);
    expect("started=true ready=false", "try r 1");
    answers.add(ProbeResult.PASSED);
    expect("started=true ready=true");
  }

  @Test
  void knownStartIsNotProbedAgain() throws Exception {
    probe("startupProbe: {name: s}\nreadinessProbe: {name: r}", new Prober.State(true, true));
    expect("try r 1");
  }

  @Test
  void containerThatDoesNotListenYetIsAskedAgainSoon() throws Exception {
    probe("readinessProbe: {name: r, periodSeconds: 5}", UNKNOWN);
    answers.addAll(List.of(REFUSED, REFUSED, ProbeResult.PASSED));
    expect("started=true ready=false", "try r 1", "try r 1", "try r 1", "started=true ready=true");
    expect("try r 1");
    assertThat(sleeps)
        .containsExactly(Duration.ofMillis(10), Duration.ofMillis(20), Duration.ofSeconds(5));
  }

  @Test
  void refusalsOfOnePeriodCountAsOneFailure() throws Exception {
    probe("startupProbe: {name: s, periodSeconds: 1, failureThreshold: 2}", UNKNOWN);
    // after 10, 30, 70, 150, 310, 630, 950 and 1,000 ms
    int tries = 9;
    for (int period = 0; period < 2; period++) {
      for (int n = 0; n < tries; n++) {
        answers.add(REFUSED);
        expect("try s 1");
      }
      expect("STARTUP failed refused");
    }
    expect("STARTUP unhealthy");
    assertThat(sleeps.stream().reduce(Duration.ZERO, Duration::plus))
        .isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void readyContainerThatRefusesIsAskedOnceAPeriod() throws Exception {
    probe("readinessProbe: {name: r, failureThreshold: 2}", new Prober.State(true, true));
    answers.addAll(List.of(REFUSED, REFUSED));
    expect("try r 1", "READINESS failed refused", "try r 1", "READINESS failed refused");
    expect("started=true ready=false", "try r 1");
    assertThat(sleeps).containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(10));
  }

  @Test
  void delayAndPeriodAreKept() throws Exception {
    probe("livenessProbe: {name: l, initialDelaySeconds: 7, periodSeconds: 3}", UNKNOWN);
    answers.add(ProbeResult.PASSED);
    expect("started=true ready=true", "try l 1", "try l 1");
    assertThat(sleeps).startsWith(Duration.ofSeconds(7), Duration.ofSeconds(3));
  }
}
