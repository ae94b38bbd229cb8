package dev.nacelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class WaterfallTest {

  @Test
  void aStartThatBeganUnderAnEarlierProcessIsNotWhole() {
    assertThat(Waterfall.isWhole(stages("network", "ready"))).isFalse();
    assertThat(Waterfall.isWhole(stages())).isFalse();
    assertThat(Waterfall.isWhole(stages("accepted", "scheduled"))).as("not ready yet").isFalse();
    assertThat(Waterfall.isWhole(stages("accepted", "sandbox", "started", "ready"))).isTrue();
  }

  private static JsonObject stages(String... names) {
    List<Json> stages =
        Stream.of(names)
            .map(n -> (Json) JsonObject.builder().put("stage", n).put("micros", 1).build())
            .toList();
    return JsonObject.builder().put("stages", new JsonArray(stages)).build();
  }
}
