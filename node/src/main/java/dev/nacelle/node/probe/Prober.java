package dev.nacelle.node.probe;

import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

/**
 * Probes one container while it runs: one virtual thread per probe. The startup probe holds the
 * others back until it has succeeded.
 */
public final class Prober implements AutoCloseable {

  /** The probes a container may have. */
  public enum Kind {
    STARTUP("Startup", "startupProbe"),
    LIVENESS("Liveness", "livenessProbe"),
    READINESS("Readiness", "readinessProbe");

    private final String word;
    private final String field;

    Kind(String word, String field) {
      this.word = word;
      this.field = field;
    }

    public String word() {
      return word;
    }

    /** The name of the field of the container. */
    public String field() {
      return field;
    }
  }

  /** What the probes came to so far. */
  public record State(boolean started, boolean ready) {}

  /** Hears from the probers' threads. */
  public interface Listener {
    void changed(State state);

    /** One try failed. */
    void failed(Kind kind, String output);

    /** So many tries failed that the container must be restarted. */
    void unhealthy(Kind kind);
  }

  private final JsonObject container;
  private final ProbeRunner runner;
  private final Instant containerStart;
  private final Listener listener;
  private final List<Thread> threads = new ArrayList<>();
  private State state;

  public Prober(
      JsonObject container,
      ProbeRunner runner,
      Instant containerStart,
      State known,
      Listener listener) {
    this.container = container;
    this.runner = runner;
    this.containerStart = containerStart;
    this.listener = listener;
    boolean startup = container.has(Kind.STARTUP.field);
    boolean readiness = container.has(Kind.READINESS.field);
    this.state =
        new State(
            known.started() || !startup, readiness ? known.ready() : known.started() || !startup);
    if (!state.equals(known)) {
      listener.changed(state);
    }
    for (Kind kind : Kind.values()) {
      if (container.has(kind.field) && !(kind == Kind.STARTUP && known.started())) {
        threads.add(
            Thread.ofVirtual()
                .name(kind.word + " probe")
                .start(() -> probe(kind, container.object(kind.field))));
      }
    }
  }

  /** Whether a container has anything to probe. */
  public static boolean isNeeded(JsonObject container) {
    for (Kind kind : Kind.values()) {
      if (container.has(kind.field)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
  }

  private void probe(Kind kind, JsonObject probe) {
    Duration period = Duration.ofSeconds(Math.max(1, probe.integer("periodSeconds").orElse(10)));
    long failuresWanted = Math.max(1, probe.integer("failureThreshold").orElse(3));
    long successesWanted = Math.max(1, probe.integer("successThreshold").orElse(1));
    Duration timeout = Duration.ofSeconds(Math.max(1, probe.integer("timeoutSeconds").orElse(1)));
    long failures = 0;
    long successes = 0;
    try {
      if (kind != Kind.STARTUP) {
        awaitStarted();
      }
      sleepUntilDue(probe.integer("initialDelaySeconds").orElse(0));
      while (true) {
        Optional<String> failure = runner.run(probe, timeout);
        if (failure.isEmpty()) {
          failures = 0;
          successes++;
          if (successes >= successesWanted && succeeded(kind)) {
            return;
          }
        } else {
          successes = 0;
          failures++;
          listener.failed(kind, failure.get());
          if (failures >= failuresWanted && gaveUp(kind)) {
            return;
          }
        }
        Thread.sleep(period);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Says whether this probe has done its work. */
  private boolean succeeded(Kind kind) {
    switch (kind) {
      case STARTUP -> {
        change(s -> new State(true, s.ready() || !container.has(Kind.READINESS.field)));
        return true;
      }
      case READINESS -> change(s -> new State(s.started(), true));
      case LIVENESS -> {}
    }
    return false;
  }

  private boolean gaveUp(Kind kind) {
    if (kind == Kind.READINESS) {
      change(s -> new State(s.started(), false));
      return false;
    }
    listener.unhealthy(kind);
    return true;
  }

  private synchronized void change(UnaryOperator<State> step) {
    State next = step.apply(state);
    if (!next.equals(state)) {
      state = next;
      listener.changed(next);
      notifyAll();
    }
  }

  private synchronized void awaitStarted() throws InterruptedException {
    while (!state.started()) {
      wait();
    }
  }

  private void sleepUntilDue(long initialDelaySeconds) throws InterruptedException {
    Duration left =
        Duration.between(Instant.now(), containerStart.plusSeconds(initialDelaySeconds));
    if (left.isPositive()) {
      Thread.sleep(left);
    } else if (initialDelaySeconds == 0 && left.compareTo(Duration.ofSeconds(-30)) < 0) {
      // adopted after a restart: spread the first probes of many containers
      Thread.sleep(ThreadLocalRandom.current().nextLong(1_000));
    }
  }
}
