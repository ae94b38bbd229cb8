package dev.nacelle.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class Ipv4Test {

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "10.64.0.1", "255.255.255.255"})
  void anAddressReadsAsItPrints(String text) {
    assertThat(Ipv4.parse(text)).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.-1", "a.b.c.d"})
  void anythingElseIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Ipv4.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8"})
  void aRangeWithBitsBelowItsPrefixOrABadLengthIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> Ipv4Range.parse(text));
  }
}
