package dev.nacelle.image.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PlacementTest {
  private static final String KEY = "ab".repeat(32) + "-s1";
  private static final int GROUPS = 10_000;

  private static List<String> hosts(int count) {
    return IntStream.range(0, count).mapToObj(n -> "https://10.0.0." + n + ":40123").toList();
  }

  private static String owner(List<String> hosts, int group) {
    return Placement.order(hosts, KEY, group).getFirst();
  }

  @Test
  void allHostsComputeTheSameWhateverOrderTheyKnowOneAnotherIn() {
    for (int group = 0; group < 100; group++) {
      assertThat(Placement.order(hosts(7).reversed(), KEY, group))
          .isEqualTo(Placement.order(hosts(7), KEY, group))
          .containsExactlyInAnyOrderElementsOf(hosts(7));
    }
  }

  @Test
  void theFormulaIsPartOfTheProtocol() {
    assertThat(IntStream.range(0, 12).map(g -> hosts(4).indexOf(owner(hosts(4), g))).toArray())
        .containsExactly(0, 0, 3, 2, 3, 0, 0, 2, 2, 2, 3, 1);
  }

  @Test
  void groupsAreSharedEvenly() {
    Map<String, Integer> owned = new HashMap<>();
    for (int group = 0; group < GROUPS; group++) {
      owned.merge(owner(hosts(8), group), 1, Integer::sum);
    }
    assertThat(owned).hasSize(8);
    assertThat(owned.values()).allMatch(n -> n > GROUPS / 8 * 0.9 && n < GROUPS / 8 * 1.1);
  }

  @Test
  void layersOfAFewGroupsAreSharedEvenlyToo() {
    Map<String, Integer> owned = new HashMap<>();
    for (int layer = 0; layer < GROUPS; layer++) {
      String key = String.format("%064x-s1", layer);
      owned.merge(Placement.order(hosts(8), key, 0).getFirst(), 1, Integer::sum);
    }
    assertThat(owned.values()).allMatch(n -> n > GROUPS / 8 * 0.9 && n < GROUPS / 8 * 1.1);
  }

  @Test
  void aHostThatLeavesMovesOnlyWhatItOwned() {
    List<String> all = hosts(8);
    List<String> left = all.subList(0, 7);
    for (int group = 0; group < GROUPS; group++) {
      String before = owner(all, group);
      if (!before.equals(all.getLast())) {
        assertThat(owner(left, group)).isEqualTo(before);
      } else {
        assertThat(owner(left, group)).isEqualTo(Placement.order(all, KEY, group).get(1));
      }
    }
  }
}
