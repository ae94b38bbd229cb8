package dev.nacelle.image.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.registry.BlobReferrer;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One blob beside an image of the built-in registry, laid there in process and over HTTP. */
final class BlobReferrerTest {
  private static final BlobReferrer KIND = new BlobReferrer("a/note", "a/text");
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  @TempDir Path directory;

  @Test
  void theListNamesTheBlobsAndTheNewestComesFirst() throws Exception {
    try (var running = RunningRegistry.open(directory);
        var client = new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE)) {
      String image = running.pushImage("team/app", "one", "layer");
      var subject = new Descriptor(MediaTypes.OCI_MANIFEST, image, 1, Optional.empty());
      var name = RepositoryName.parse("team/app").orElseThrow();
      var inside = new BuiltInReferrers(running.registry().content(), name);
      ImageReference reference = ImageReference.parse(running.host() + "/team/app:one");
      var writer = client.writer(reference, Optional.empty());
      Bytes first = Bytes.utf8("first");
      Bytes second = Bytes.utf8("second");
      Descriptor firstBlob = Descriptor.of("a/text", first);
      Descriptor secondBlob = Descriptor.of("a/text", second);
      KIND.publish(inside, subject, firstBlob, first::asInputStream, NOON, Map.of("more", "1"));
      KIND.publish(
          writer, subject, secondBlob, second::asInputStream, NOON.plusSeconds(1), Map.of());
      running.pushReferrer("team/app", image, "b/other");

      Repository repository = client.repository(reference, Optional.empty());
      List<Referrer> all = repository.referrers(image);
      assertThat(all).hasSize(3);
      List<Referrer> ours = KIND.among(all);
      assertThat(ours)
          .extracting(r -> KIND.blobOf(r))
          .containsExactly(Optional.of(secondBlob), Optional.of(firstBlob));
      assertThat(ours.getLast().annotations()).containsEntry("more", "1");
      for (Referrer referrer : ours) {
        Bytes manifest = repository.manifest(referrer.descriptor().digest());
        assertThat(KIND.blobOf(manifest, image)).isEqualTo(KIND.blobOf(referrer));
        assertThat(KIND.blobOf(manifest, firstBlob.digest())).isEmpty();
      }
      Referrer bare =
          new Referrer(ours.getFirst().descriptor(), ours.getFirst().artifactType(), Map.of());
      assertThat(KIND.blobOf(bare)).isEmpty();
      assertThat(KIND.blobOf(repository, bare, image)).contains(secondBlob);
    }
  }
}
