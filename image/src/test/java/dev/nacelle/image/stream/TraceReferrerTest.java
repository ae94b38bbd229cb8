package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.testbed.DebianRegistry;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trace beside its image in Debian's docker-registry, which lists no referrers. */
final class TraceReferrerTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  @TempDir Path directory;

  @Test
  void theNewestTraceThatCanBeReadIsFound() throws Exception {
    assumeTrue(DebianRegistry.canBePushedTo(), "needs docker-registry");
    try (var registry = DebianRegistry.start(directory);
        var client = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE)) {
      ImageReference reference = ImageReference.parse(registry.host() + "/team/app:one");
      var writer = client.writer(reference, Optional.empty());
      var repository = client.repository(reference, Optional.empty());
      Descriptor subject = StreamReferrerTest.image(writer, "one");
      assertThat(TraceReferrer.find(repository, subject.digest())).isEmpty();
      AccessTrace newer = AccessTraceTest.trace(4, 5, 6);
      TraceReferrer.publish(writer, subject, newer, NOON.plusSeconds(5));
      TraceReferrer.publish(writer, subject, AccessTraceTest.trace(1), NOON);
      assertThat(TraceReferrer.find(repository, subject.digest())).contains(newer);

      Bytes noise = Bytes.utf8("of a later version");
      Descriptor blob = Descriptor.of(TraceReferrer.ARTIFACT_TYPE, noise);
      TraceReferrer.KIND.publish(
          writer, subject, blob, noise::asInputStream, NOON.plusSeconds(9), Map.of());
      assertThat(TraceReferrer.find(repository, subject.digest())).contains(newer);
    }
  }
}
