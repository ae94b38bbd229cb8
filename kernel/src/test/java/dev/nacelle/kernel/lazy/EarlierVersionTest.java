package dev.nacelle.kernel.lazy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.kernel.keeper.KeeperClient;
import dev.nacelle.kernel.keeper.LazySupport;
import dev.nacelle.kernel.process.Companions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Keeper and monitor of an earlier commit, built by its own {@code build.sh} into the directory
 * that {@code -Dcompanions.earlier=DIR} names.
 */
final class EarlierVersionTest {
  @Test
  void anEarlierKeeperSaysWhatItLacksAndIsUpgradedInPlace() throws Exception {
    String earlier = System.getProperty("companions.earlier", "");
    assumeTrue(!earlier.isEmpty(), "needs the companions of an earlier version");
    var old = new Companions(Path.of(earlier, "keeper"), Path.of(earlier, "monitor"));
    try (LazyInstance instance = new LazyInstance()) {
      instance.killKeeper();
      instance.startKeeper(old);
      int pid = (int) instance.keeper().pid();
      try (KeeperClient client = instance.client()) {
        assertThat(client.lazySupport()).isInstanceOf(LazySupport.Missing.class);
        client.ensureSandbox("s", Set.of(KeeperClient.Namespace.UTS), "host", Map.of());
        client.upgrade(instance.companions);
      }
      try (KeeperClient client = instance.client()) {
        assertThat(client.pid()).isEqualTo(pid);
        assertThat(client.lazySupport()).isEqualTo(new LazySupport.Available());
        assertThat(client.sandboxes()).containsExactly("s");
        client.removeSandbox("s");
      }
      var ends = new AtomicInteger();
      try (PreContent content =
          PreContent.open(
              instance.poller,
              instance.run,
              new PatternFiller(Duration.ZERO),
              ends::incrementAndGet)) {
        assertThat(content.origin()).isEqualTo(PreContent.Origin.MADE);
      }
    }
  }
}
