package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.image.Credential;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.registry.RepositoryWriter;
import dev.nacelle.testbed.DebianRegistry;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The streaming form beside its image in Debian's docker-registry, which lists no referrers. */
final class StreamReferrerTest {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  @TempDir Path directory;
  private final RegistryClient registries =
      new RegistryClient(RegistrySettings.DEFAULT, ProxySettings.NONE);

  @AfterEach
  void close() {
    registries.close();
  }

  static Descriptor image(RepositoryWriter writer, String text) throws Exception {
    Bytes config = Bytes.utf8("{\"note\":\"" + text + "\"}");
    String type = "application/vnd.oci.image.config.v1+json";
    writer.pushBlob(Descriptor.of(type, config), config::asInputStream);
    Bytes manifest =
        Bytes.utf8(
            "{\"schemaVersion\":2,\"mediaType\":\""
                + MANIFEST
                + "\",\"config\":"
                + Descriptor.of(type, config).toJson()
                + ",\"layers\":[]}");
    return writer.pushManifest(MANIFEST, manifest, Optional.of(text));
  }

  @Test
  void aPublishedFormIsFoundReadAndFillsALayer() throws Exception {
    assumeTrue(DebianRegistry.canBePushedTo(), "needs docker-registry");
    SampleStream sample = SampleStream.make(directory, 14);
    try (var registry = DebianRegistry.start(directory)) {
      ImageReference reference = ImageReference.parse(registry.host() + "/team/app:one");
      RepositoryWriter writer = registries.writer(reference, Optional.empty());
      Repository repository = registries.repository(reference, Optional.empty());
      Descriptor subject = image(writer, "one");
      assertThat(StreamReferrer.find(repository, subject.digest())).isEmpty();
      StreamReferrer published =
          StreamReferrer.publish(writer, subject, List.of(sample.form(), sample.form()));
      assertThat(StreamReferrer.publish(writer, subject, List.of(sample.form())))
          .isEqualTo(published);
      StreamReferrer found = StreamReferrer.find(repository, subject.digest()).orElseThrow();
      assertThat(found).isEqualTo(published);
      StreamReferrer.Layer layer = found.layer(SampleStream.DIFF_ID).orElseThrow();
      StreamIndex index = StreamReferrer.fetchIndex(repository, layer);
      assertThat(index.toBytes()).isEqualTo(sample.index().toBytes());
      Path metadata = directory.resolve("metadata");
      try (InputStream stored = repository.blob(layer.metadata())) {
        MetadataBlob.unpack(index, stored, metadata);
      }
      assertThat(Files.readAllBytes(metadata)).isEqualTo(sample.metadata());
      var source = new RegistryChunkSource(index, repository, layer.chunks(), "team/app");
      try (var fixture =
          new LazyLayerFixture(
              sample, directory.resolve("lazy"), LazyLayerFixture.PATIENT, source)) {
        fixture.fill(4);
        assertThat(fixture.layer.counters().fetchedBytes())
            .isEqualTo(sample.index().storedBytes(4));
        fixture.fillAll();
        fixture.assertWhole();
        assertThat(fixture.layer.counters().sources().getFirst().failures()).isZero();
      }
    }
  }

  @Test
  void aLayerWithoutDataIsPublishedAndFilledToo() throws Exception {
    assumeTrue(DebianRegistry.canBePushedTo(), "needs docker-registry");
    Path block = Files.write(directory.resolve("block"), new byte[VerityTree.BLOCK_BYTES]);
    StreamForm form =
        new StreamConversion(1)
            .convert(
                SampleStream.DIFF_ID, block, block, Files.createDirectory(directory.resolve("f")));
    assertThat(form.chunkBlob().sizeBytes()).isZero();
    try (var registry = DebianRegistry.start(directory)) {
      ImageReference reference = ImageReference.parse(registry.host() + "/app:one");
      RepositoryWriter writer = registries.writer(reference, Optional.empty());
      Repository repository = registries.repository(reference, Optional.empty());
      Descriptor subject = image(writer, "one");
      StreamReferrer.publish(writer, subject, List.of(form));
      StreamReferrer.Layer layer =
          StreamReferrer.find(repository, subject.digest()).orElseThrow().layers().getFirst();
      StreamIndex index = StreamReferrer.fetchIndex(repository, layer);
      var source = new RegistryChunkSource(index, repository, layer.chunks(), "app");
      byte[] data = Files.readAllBytes(block);
      var sample = new SampleStream(data, data, block, block, form);
      try (var fixture =
          new LazyLayerFixture(
              sample, directory.resolve("lazy"), LazyLayerFixture.PATIENT, source)) {
        fixture.fillAll();
        fixture.assertWhole();
      }
    }
  }

  @Test
  void anIndexOfAnotherLayerIsRefused() throws Exception {
    assumeTrue(DebianRegistry.canBePushedTo(), "needs docker-registry");
    SampleStream sample = SampleStream.make(directory, 3);
    try (var registry = DebianRegistry.start(directory)) {
      ImageReference reference = ImageReference.parse(registry.host() + "/app:one");
      RepositoryWriter writer = registries.writer(reference, Optional.empty());
      Repository repository = registries.repository(reference, Optional.empty());
      StreamReferrer.Layer right =
          StreamReferrer.publish(writer, image(writer, "one"), List.of(sample.form()))
              .layers()
              .getFirst();
      var other =
          new StreamReferrer.Layer(
              "sha256:" + "0".repeat(64), right.index(), right.metadata(), right.chunks());
      assertThatThrownBy(() -> StreamReferrer.fetchIndex(repository, other))
          .hasMessageContaining("another layer");
      var shorter = new Descriptor("m/m", right.chunks().digest(), 1, Optional.empty());
      assertThatThrownBy(() -> new RegistryChunkSource(sample.index(), repository, shorter, "app"))
          .hasMessageContaining("the index says");
    }
  }

  @Test
  void severalReferrersOfOneImageAreListedByType() throws Exception {
    assumeTrue(DebianRegistry.canBePushedTo(), "needs docker-registry");
    try (var registry = DebianRegistry.start(directory)) {
      ImageReference reference = ImageReference.parse(registry.host() + "/app:one");
      RepositoryWriter writer = registries.writer(reference, Optional.empty());
      Repository repository = registries.repository(reference, Optional.empty());
      Descriptor subject = image(writer, "one");
      Descriptor other = image(writer, "other");
      Descriptor third = image(writer, "third");
      for (Descriptor blob : List.of(other, third)) {
        writer.pushReferrer(subject.digest(), MANIFEST, "a/a", manifestOf(repository, blob));
      }
      Referrer b =
          writer.pushReferrer(subject.digest(), MANIFEST, "b/b", manifestOf(repository, subject));
      assertThat(repository.referrers(subject.digest(), "a/a"))
          .extracting(r -> r.descriptor().digest())
          .containsExactly(other.digest(), third.digest());
      assertThat(repository.referrers(subject.digest(), "b/b")).containsExactly(b);
      assertThat(repository.referrers(other.digest(), "a/a")).isEmpty();
    }
  }

  private static Bytes manifestOf(Repository repository, Descriptor descriptor) throws Exception {
    return repository.manifest(descriptor.digest());
  }

  @Test
  void aRegistryWithPasswordsTakesOnlyTheRightOne() throws Exception {
    assumeTrue(DebianRegistry.canBePushedTo(), "needs docker-registry");
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/htpasswd")), "needs htpasswd");
    Path passwords = directory.resolve("passwords");
    Process htpasswd =
        new ProcessBuilder("htpasswd", "-Bbc", passwords.toString(), "user", "right")
            .redirectErrorStream(true)
            .start();
    htpasswd.getInputStream().readAllBytes();
    assertThat(htpasswd.waitFor()).isZero();
    String auth = "auth:\n  htpasswd:\n    realm: test\n    path: " + passwords + "\n";
    try (var registry = DebianRegistry.start(directory, auth)) {
      ImageReference reference = ImageReference.parse(registry.host() + "/app:one");
      RepositoryWriter stranger = registries.writer(reference, Optional.empty());
      assertThatThrownBy(() -> image(stranger, "one")).isInstanceOf(ImageException.class);
      var right = new Credential.UserPassword("user", "right");
      Descriptor pushed = image(registries.writer(reference, Optional.of(right)), "one");
      assertThat(registries.repository(reference, Optional.of(right)).manifest(pushed.digest()))
          .isNotNull();
    }
  }

  @Test
  void aManifestOfAnotherImageOrInAnotherOrderIsRefused() throws Exception {
    SampleStream sample = SampleStream.make(directory, 3);
    Descriptor subject = Descriptor.of(MANIFEST, Bytes.utf8("subject"));
    StoredBlob i = sample.form().indexBlob();
    var one = new Descriptor(StreamReferrer.INDEX_TYPE, i.digest(), 1, Optional.empty());
    var two = new Descriptor(StreamReferrer.METADATA_TYPE, i.digest(), 2, Optional.empty());
    var three = new Descriptor(StreamReferrer.CHUNKS_TYPE, i.digest(), 3, Optional.empty());
    var right =
        new StreamReferrer(
            List.of(new StreamReferrer.Layer(SampleStream.DIFF_ID, one, two, three)));
    Bytes manifest = right.toManifest(subject);
    assertThat(StreamReferrer.parse(manifest, subject.digest())).isEqualTo(right);
    var wrong =
        new StreamReferrer(
            List.of(new StreamReferrer.Layer(SampleStream.DIFF_ID, two, one, three)));
    for (Bytes bad :
        List.of(
            wrong.toManifest(subject),
            right.toManifest(one),
            Bytes.utf8("{}"),
            Bytes.utf8("no json"),
            Bytes.utf8(manifest.toUtf8().replace("stream.v1", "stream.v2")),
            Bytes.utf8(manifest.toUtf8().replace(SampleStream.DIFF_ID, "sha256:0")))) {
      assertThatThrownBy(() -> StreamReferrer.parse(bad, subject.digest()))
          .isInstanceOf(StreamFormatException.class);
    }
  }
}
