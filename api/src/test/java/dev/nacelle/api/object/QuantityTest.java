package dev.nacelle.api.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.json.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0Gi, 0",
    "-0, 0",
    "1, 1",
    "+5, 5",
    "-5, -5",
    "0.5, 500m",
    ".5, 500m",
    "5., 5",
    "1.5, 1500m",
    "0.1, 100m",
    "100m, 100m",
    "1000m, 1",
    "1500m, 1500m",
    "2000m, 2",
    "0.001, 1m",
    "0.0001, 100u",
    "1n, 1n",
    "0.1n, 1n",
    "-0.1n, -1n",
    "1.0000000001, 1000000001n",
    "1000, 1k",
    "1500, 1500",
    "10000, 10k",
    "1024, 1024",
    "1000000, 1M",
    "128974848, 128974848",
    "129M, 129M",
    "123Mi, 123Mi",
    "1024Mi, 1Gi",
    "1024Ki, 1Mi",
    "1536Ki, 1536Ki",
    "1.5Gi, 1536Mi",
    "0.5Gi, 512Mi",
    "0.5Ki, 512",
    "0.001Ki, 1024m",
    "1Ki, 1Ki",
    "2048, 2048",
    "1Ei, 1Ei",
    "7E, 7E",
    "1e3, 1e3",
    "1E3, 1e3",
    "12e6, 12e6",
    "1e-3, 1e-3",
    "1e4, 10e3",
    "129e6, 129e6",
    "100Ei, 9223372036854775807",
    "1e100, 9223372036854775807e0"
  })
  void theCanonicalTextIsUpstreams(String text, String canonical) {
    String expected = canonical.endsWith("e0") ? canonical.substring(0, 19) : canonical;
    assertThat(Quantity.parse(text)).hasToString(expected);
    assertThat(Quantity.parse(expected)).hasToString(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "x", " 1", "1 ", "1..2", "-", "+", ".", "1KI", "1ki", "1mi", "1K", "1e", "1e1.5", "1i",
        "Mi", "--1", "1Gib", "1e99999"
      })
  void whatIsNoQuantityIsRefused(String text) {
    assertThatThrownBy(() -> Quantity.parse(text)).isInstanceOf(IllegalArgumentException.class);
    assertThat(Quantity.read(Json.of(text.strip() + "!"))).isEmpty();
  }

  @Test
  void amountsCompareWhateverTheirSuffix() {
    assertThat(Quantity.parse("1Ki")).isEqualByComparingTo(Quantity.parse("1024"));
    assertThat(Quantity.parse("1")).isEqualByComparingTo(Quantity.parse("1000m"));
    assertThat(Quantity.parse("999m")).isLessThan(Quantity.parse("1"));
  }

  @Test
  void unitsAndMillisRoundUp() {
    assertThat(Quantity.parse("1001m").units()).isEqualTo(2);
    assertThat(Quantity.parse("1Mi").units()).isEqualTo(1 << 20);
    assertThat(Quantity.parse("250m").millis()).isEqualTo(250);
    assertThat(Quantity.parse("1u").millis()).isEqualTo(1);
    assertThat(Quantity.parse("9E").millis()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void sumsKeepTheFormatOfTheFirstThatIsNotZero() {
    assertThat(Quantity.ZERO.plus(Quantity.ofBytes(1 << 20))).hasToString("1Mi");
    assertThat(Quantity.ofMillis(500).plus(Quantity.parse("1.5"))).hasToString("2");
    assertThat(Quantity.of(2).minus(Quantity.ofMillis(500))).hasToString("1500m");
  }

  @Test
  void numbersOfJsonAreQuantitiesToo() {
    assertThat(Quantity.read(Json.of(2)).orElseThrow()).hasToString("2");
    assertThat(Quantity.read(Json.of(0.5)).orElseThrow()).hasToString("500m");
    assertThat(Quantity.read(Json.of(true))).isEmpty();
  }
}
