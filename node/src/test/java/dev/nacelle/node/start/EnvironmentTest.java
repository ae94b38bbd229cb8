package dev.nacelle.node.start;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EnvironmentTest {
  private static final Map<String, String> VALUES =
      Map.of("VAR_A", "A", "VAR_B", "B", "VAR_REF", "$(VAR_A)", "EMPTY", "");

  @ParameterizedTest
  @CsvSource({
    "$(VAR_A),A",
    "___$(VAR_B)___,___B___",
    "$(VAR_A)-1,A-1",
    "$(VAR_REF),$(VAR_A)",
    "$$(VAR_B)_$(VAR_A),$(VAR_B)_A",
    "$$$(VAR_A),$A",
    "$$$$(VAR_A),$$(VAR_A)",
    "foo$(EMPTY)bar,foobar",
    "$(MISSING),$(MISSING)",
    "foo$$var,foo$var",
    "$VAR_A,$VAR_A",
    "$(VAR_A,$(VAR_A",
    "$(VAR_A)),A)",
    "f000-$$VAR_A,f000-$VAR_A",
    "$(,$(",
    "$,$",
    "a$,a$",
    "$$,$",
    "$(VAR_A$(VAR_B),$(VAR_A$(VAR_B)",
  })
  void expandsAsUpstreamDoes(String text, String expected) {
    assertThat(Environment.expand(text, VALUES)).isEqualTo(expected);
  }
}
