package dev.nacelle.base.trace;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * When subjects (pods, by UID) reached their stages. Bounded: the subjects that were touched least
 * recently are forgotten, and a subject has at most 64 stages. Safe for any thread.
 */
public final class Timeline {
  private static final int MAX_STAGES = 64;

  private final Clock clock;
  private final int maxSubjects;

  /** Guarded by itself; in order of access. */
  private final LinkedHashMap<String, Map<String, Instant>> subjects =
      new LinkedHashMap<>(16, 0.75f, true);

  public Timeline(Clock clock, int maxSubjects) {
    if (maxSubjects < 1) {
      throw new IllegalArgumentException("maxSubjects must be positive");
    }
    this.clock = clock;
    this.maxSubjects = maxSubjects;
  }

  /** A stage, and when it was reached first. */
  public record Mark(String stage, Instant at) {}

  /** The subject has reached a stage now; only the first time counts. */
  public void mark(String subject, String stage) {
    mark(subject, stage, clock.instant());
  }

  /** The subject reached a stage at an instant; only the first mark counts. */
  public void mark(String subject, String stage, Instant at) {
    synchronized (subjects) {
      Map<String, Instant> stages = subjects.computeIfAbsent(subject, s -> new LinkedHashMap<>(16));
      if (stages.size() < MAX_STAGES) {
        stages.putIfAbsent(stage, at);
      }
      if (subjects.size() > maxSubjects) {
        subjects.pollFirstEntry();
      }
    }
  }

  /** The marks of a subject by time; empty when it is not known. */
  public List<Mark> stages(String subject) {
    var marks = new ArrayList<Mark>();
    synchronized (subjects) {
      Map<String, Instant> stages = subjects.get(subject);
      if (stages != null) {
        stages.forEach((stage, at) -> marks.add(new Mark(stage, at)));
      }
    }
    marks.sort((a, b) -> a.at().compareTo(b.at()));
    return List.copyOf(marks);
  }

  /** Forgets a subject. */
  public void forget(String subject) {
    synchronized (subjects) {
      subjects.remove(subject);
    }
  }
}
