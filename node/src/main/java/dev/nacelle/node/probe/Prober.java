package dev.nacelle.node.probe;

import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;

/**
 * Probes one container while it runs: one virtual thread per probe. The startup probe holds the
 * others back until it has succeeded. A container that is waited for and does not listen yet is
 * asked again soon, not a period later: it does not notice, and all that counts as one failure.
 */
public final class Prober implements AutoCloseable {
  private static final Duration SPREAD_AFTER = Duration.ofSeconds(30);
  private static final long SPREAD_MILLIS = 1_000;
  private static final Duration FIRST_WAIT = Duration.ofMillis(10);
  private static final Duration LONGEST_WAIT = Duration.ofMillis(320);

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

    /** One try could not be made. */
    void errored(Kind kind, String why);

    /** So many tries failed that the container must be restarted. */
    void unhealthy(Kind kind);
  }

  private final JsonObject container;
  private final ProbeTry tries;
  private final Instant containerStart;
  private final Listener listener;
  private final Pace pace;
  private final List<Thread> threads = new ArrayList<>();
  private State state;

  /**
   * Begins to probe.
   *
   * @param known what is known of the container already
   */
  public Prober(
      JsonObject container,
      ProbeTry tries,
      Instant containerStart,
      State known,
      Listener listener,
      Pace pace) {
    this.container = container;
    this.tries = tries;
    this.containerStart = containerStart;
    this.listener = listener;
    this.pace = pace;
    boolean started = known.started() || !container.has(Kind.STARTUP.field);
    boolean ready = container.has(Kind.READINESS.field) ? known.ready() : started;
    this.state = new State(started, ready);
    if (!state.equals(known)) {
      listener.changed(state);
    }
    for (Kind kind : Kind.values()) {
      if (container.has(kind.field) && !(kind == Kind.STARTUP && known.started())) {
        threads.add(
            Thread.ofVirtual()
                .name(kind.word + " probe")
                .unstarted(() -> probe(kind, container.object(kind.field))));
      }
    }
    threads.forEach(Thread::start);
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
    Duration timeout = Duration.ofSeconds(Math.max(1, probe.integer("timeoutSeconds").orElse(1)));
    var count =
        new ProbeCount(
            probe.integer("successThreshold").orElse(1),
            probe.integer("failureThreshold").orElse(3));
    try {
      if (kind != Kind.STARTUP) {
        awaitStarted();
      }
      sleepUntilDue(probe.integer("initialDelaySeconds").orElse(0));
      while (true) {
        Duration left = period;
        ProbeResult result = tries.run(probe, timeout);
        for (Duration wait = FIRST_WAIT;
            result instanceof ProbeResult.Refused && isAwaited(kind) && left.isPositive();
            wait = wait.compareTo(LONGEST_WAIT) < 0 ? wait.multipliedBy(2) : wait) {
          Duration step = wait.compareTo(left) < 0 ? wait : left;
          pace.sleep(step);
          left = left.minus(step);
          result = tries.run(probe, timeout);
        }
        if (isDone(kind, count, result)) {
          return;
        }
        pace.sleep(result instanceof ProbeResult.Refused && isAwaited(kind) ? left : period);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the container is waited for, so that it is asked more often as long as it refuses. */
  private synchronized boolean isAwaited(Kind kind) {
    return kind == Kind.STARTUP || (kind == Kind.READINESS && !state.ready());
  }

  /** Takes one result in; true when this probe has done its work. */
  private boolean isDone(Kind kind, ProbeCount count, ProbeResult result) {
    switch (result) {
      case ProbeResult.Failed failed -> listener.failed(kind, failed.output());
      case ProbeResult.Refused refused -> listener.failed(kind, refused.output());
      case ProbeResult.Unknown unknown -> listener.errored(kind, unknown.why());
      case ProbeResult.Passed passed -> {}
    }
    return switch (count.add(result)) {
      case UNDECIDED -> false;
      case PASSED -> passed(kind);
      case FAILED -> failed(kind);
    };
  }

  private boolean passed(Kind kind) {
    switch (kind) {
      case STARTUP -> change(s -> new State(true, s.ready() || !container.has("readinessProbe")));
      case READINESS -> change(s -> new State(s.started(), true));
      case LIVENESS -> {}
    }
    return kind == Kind.STARTUP;
  }

  private boolean failed(Kind kind) {
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
    Duration left = Duration.between(pace.now(), containerStart.plusSeconds(initialDelaySeconds));
    if (left.isPositive()) {
      pace.sleep(left);
    } else if (left.compareTo(SPREAD_AFTER.negated()) < 0) {
      // adopted after a restart: spread the first probes of many containers
      pace.sleep(Duration.ofMillis(ThreadLocalRandom.current().nextLong(SPREAD_MILLIS)));
    }
  }
}
