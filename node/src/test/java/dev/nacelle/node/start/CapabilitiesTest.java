package dev.nacelle.node.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.node.pod.Pods;
import dev.nacelle.runtime.ContainerSpec;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

final class CapabilitiesTest {
  private static Set<String> of(String context) {
    return Capabilities.of(Pods.yaml(context), Capabilities.all());
  }

  @Test
  void withoutAWordItIsTheUsualSet() {
    assertThat(of("{}")).isEqualTo(ContainerSpec.DEFAULT_CAPABILITIES);
  }

  @Test
  void addAndDropTakeNamesWithAndWithoutPrefix() {
    var expected = new TreeSet<>(ContainerSpec.DEFAULT_CAPABILITIES);
    expected.add("CAP_NET_ADMIN");
    expected.remove("CAP_CHOWN");
    assertThat(of("capabilities: {add: [net_admin], drop: [CAP_CHOWN]}")).isEqualTo(expected);
  }

  @Test
  void allComesBeforeSingleNames() {
    assertThat(of("capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}"))
        .containsExactly("CAP_NET_BIND_SERVICE");
    var expected = new TreeSet<>(Capabilities.all());
    expected.remove("CAP_SYS_ADMIN");
    assertThat(of("capabilities: {add: [ALL], drop: [SYS_ADMIN]}")).isEqualTo(expected);
  }

  @Test
  void nothingIsGivenThatThisProcessLacks() {
    Set<String> few = Set.of("CAP_CHOWN", "CAP_KILL");
    assertThat(Capabilities.of(Pods.yaml("privileged: true"), few)).isEqualTo(few);
    assertThat(Capabilities.of(Pods.yaml("capabilities: {add: [ALL]}"), few)).isEqualTo(few);
  }

  @Test
  void maskNamesItsBits() {
    assertThat(Capabilities.ofMask(0b100001)).containsExactly("CAP_CHOWN", "CAP_KILL");
    assertThat(Capabilities.ofMask(-1L >>> 23)).hasSize(41).isEqualTo(Capabilities.all());
  }
}
