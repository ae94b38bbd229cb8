package dev.nacelle.base.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class TimelineTest {
  @Test
  void theFirstMarkOfAStageCountsAndStagesAreInOrderOfTime() {
    var timeline = new Timeline(Clock.systemUTC(), 10);
    timeline.mark("pod", "ready", Instant.ofEpochSecond(9));
    timeline.mark("pod", "accepted", Instant.ofEpochSecond(1, 5));
    timeline.mark("pod", "accepted", Instant.ofEpochSecond(2));
    assertThat(timeline.stages("pod"))
        .containsExactly(
            new Timeline.Mark("accepted", Instant.ofEpochSecond(1, 5)),
            new Timeline.Mark("ready", Instant.ofEpochSecond(9)));
  }

  @Test
  void theSubjectsTouchedLongestAgoAreForgotten() {
    var timeline = new Timeline(Clock.systemUTC(), 2);
    timeline.mark("a", "x");
    timeline.mark("b", "x");
    timeline.mark("a", "y");
    timeline.mark("c", "x");
    assertThat(timeline.stages("b")).isEmpty();
    assertThat(timeline.stages("a")).hasSize(2);
    assertThat(timeline.stages("c")).hasSize(1);
  }
}
