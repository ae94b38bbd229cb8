package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class GarbagePlanTest {
  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

  private static ResolvedImage image(String id, long minutesAgo, String... layers) {
    return new ResolvedImage(
        id,
        List.of(),
        List.of(),
        ImageConfig.of(JsonObject.EMPTY),
        Stream.of(layers).map(l -> new ImageLayer(l, l, 10)).toList(),
        0,
        NOW.minus(Duration.ofMinutes(minutesAgo)));
  }

  private static GarbagePlan plan(long available, Set<String> inUse, ResolvedImage... images) {
    return plan(available, inUse, Set.of(), images);
  }

  private static GarbagePlan plan(
      long available, Set<String> inUse, Set<String> pinned, ResolvedImage... images) {
    GarbageThresholds thresholds = GarbageThresholds.DEFAULT;
    return GarbagePlan.of(
        List.of(images),
        inUse,
        pinned,
        key -> 10,
        GarbagePlan.excessBytes(100, available, thresholds),
        NOW.minus(thresholds.minimumAge()));
  }

  @Test
  void belowTheHighThresholdNothingGoes() {
    assertThat(plan(16, Set.of(), image("a", 60, "1")).imageIds()).isEmpty();
  }

  @Test
  void whatIsBeingPulledStaysAndALayerThatAPullNeedsFreesNothing() {
    GarbagePlan plan =
        plan(15, Set.of(), Set.of("pulled", "s"), image("pulled", 60, "1"), image("a", 50, "s"));
    assertThat(plan.imageIds()).containsExactly("a");
    assertThat(plan.freedBytes()).isZero();
    assertThat(plan.missingBytes()).isEqualTo(5);
  }

  @Test
  void whatALayerTakesCountsNotItsSize() {
    GarbagePlan plan =
        GarbagePlan.of(
            List.of(image("lazy", 60, "1"), image("whole", 50, "2")),
            Set.of(),
            Set.of(),
            key -> key.equals("1") ? 2 : 10,
            5,
            NOW);
    assertThat(plan.imageIds()).containsExactly("lazy", "whole");
    assertThat(plan.freedBytes()).isEqualTo(12);
  }

  @Test
  void theLongestUnusedGoFirstUntilTheLowThreshold() {
    GarbagePlan plan =
        plan(2, Set.of(), image("new", 10, "1"), image("old", 60, "2"), image("mid", 30, "3"));
    assertThat(plan.imageIds()).containsExactly("old", "mid");
    assertThat(plan.freedBytes()).isEqualTo(20);
    assertThat(plan.missingBytes()).isZero();
  }

  @Test
  void whatIsInUseOrYoungStaysAndWhatIsMissingIsTold() {
    GarbagePlan plan = plan(5, Set.of("used"), image("used", 60, "1"), image("young", 1, "2"));
    assertThat(plan.imageIds()).isEmpty();
    assertThat(plan.missingBytes()).isEqualTo(15);
  }

  @Test
  void aSharedLayerCountsOnlyWithItsLastImage() {
    GarbagePlan plan = plan(15, Set.of(), image("a", 60, "s"), image("b", 50, "s", "2"));
    assertThat(plan.imageIds()).containsExactly("a", "b");
    assertThat(plan.freedBytes()).isEqualTo(20);
  }
}
