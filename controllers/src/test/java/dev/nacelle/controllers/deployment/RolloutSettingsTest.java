package dev.nacelle.controllers.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.controllers.Yaml;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RolloutSettingsTest {

  @ParameterizedTest
  @CsvSource({
    "10, 25%, 25%, 3, 2",
    "3, 25%, 25%, 1, 0",
    "1, 25%, 25%, 1, 0",
    "1, 0, 0, 0, 1",
    "4, 0, 25%, 0, 1",
    "3, 0%, 10%, 0, 1",
    "5, 2, 3, 2, 3",
    "2, 1, 5, 1, 2",
    "0, 25%, 25%, 0, 0"
  })
  void surgeRoundsUpAndUnavailableRoundsDown(
      int replicas, String surge, String unavailable, int pods, int missing) {
    var settings =
        RolloutSettings.of(
            Yaml.object(
                "{spec: {replicas: %d, strategy: {type: RollingUpdate, rollingUpdate:"
                    + " {maxSurge: %s, maxUnavailable: %s}}}}",
                replicas, surge, unavailable));
    assertThat(settings.maxSurge()).isEqualTo(pods);
    assertThat(settings.maxUnavailable()).isEqualTo(missing);
  }
}
