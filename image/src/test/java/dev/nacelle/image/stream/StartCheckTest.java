package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.BlobReferrer;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.MediaTypes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a host may lay beside an image that may not say what is in it. */
final class StartCheckTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final Descriptor SUBJECT =
      Descriptor.of(MediaTypes.OCI_MANIFEST, Bytes.utf8("the image"));

  @TempDir Path directory;
  private final HeldPlace place = new HeldPlace();
  private SampleStream sample;
  private StreamReferrer form;

  @BeforeEach
  void convert() throws Exception {
    sample = SampleStream.make(directory, 12);
    form = new StreamReferrer(List.of(push(sample.form())));
  }

  private StreamReferrer.Layer push(StreamForm made) throws Exception {
    StreamReferrer.Layer layer = StreamReferrer.Layer.of(made);
    place.pushBlob(layer.index(), () -> Files.newInputStream(made.indexBlob().file()));
    place.pushBlob(layer.metadata(), () -> Files.newInputStream(made.metadataBlob().file()));
    return layer;
  }

  private Optional<String> objection() throws Exception {
    return new StartCheck(List.of(form), place::open, NOON).objection(place.manifest());
  }

  private void publishPack(StreamForm made, AccessTrace trace) throws Exception {
    Path file = Files.createTempDirectory(directory, "pack-").resolve("pack");
    var pack =
        StartPackWriter.write(List.of(StartPackWriter.Layer.of(made)), trace, file).orElseThrow();
    StartReferrer.publish(place, SUBJECT, pack, NOON);
  }

  @Test
  void aTraceOfTheFormsLayersMayBe() throws Exception {
    TraceReferrer.publish(place, SUBJECT, StartPackTest.trace(sample.index(), 3, 1), NOON);
    assertThat(objection()).isEmpty();
  }

  @Test
  void aPackThatRepeatsTheFormMayBe() throws Exception {
    publishPack(sample.form(), StartPackTest.trace(sample.index(), 3, 1));
    assertThat(objection()).isEmpty();
    publishPack(sample.form(), new AccessTrace(List.of(), List.of()));
    assertThat(objection()).isEmpty();
  }

  @Test
  void aPackOfAnotherContentMayNotBe() throws Exception {
    Path own = Files.createDirectory(directory.resolve("other"));
    SampleStream other = SampleStream.make(own, 9);
    publishPack(other.form(), StartPackTest.trace(other.index(), 3, 1));
    assertThat(objection().orElseThrow()).contains("the streaming form beside the image");
  }

  @Test
  void aTraceOfOtherLayersMayNotBe() throws Exception {
    Path own = Files.createDirectory(directory.resolve("other"));
    SampleStream other = SampleStream.make(own, 9);
    TraceReferrer.publish(place, SUBJECT, StartPackTest.trace(other.index(), 3), NOON);
    assertThat(objection().orElseThrow()).contains("a layer that the streaming form has not");
    AccessTrace.Layer layer = AccessTrace.Layer.of(sample.index());
    TraceReferrer.publish(
        place,
        SUBJECT,
        new AccessTrace(List.of(layer), List.of(new AccessTrace.Access(0, 12, 0))),
        NOON);
    assertThat(objection().orElseThrow()).contains("a chunk that its layer has not");
  }

  @Test
  void nothingMayBeWithoutAForm() throws Exception {
    TraceReferrer.publish(place, SUBJECT, StartPackTest.trace(sample.index(), 3), NOON);
    assertThat(new StartCheck(List.of(), place::open, NOON).objection(place.manifest()))
        .isPresent();
  }

  @Test
  void annotationsThatReadersFollowMustBeThoseOfTheManifest() throws Exception {
    publishPack(sample.form(), StartPackTest.trace(sample.index(), 3, 1));
    String good = place.manifest().toUtf8();
    String blob =
        good.replaceAll("(?s).*\"dev.nacelle.blob.digest\":\"(sha256:[0-9a-f]+)\".*", "$1");
    assertThat(blob).startsWith("sha256:");
    assertRefused(
        good.replace(
            "\"dev.nacelle.blob.digest\":\"" + blob,
            "\"dev.nacelle.blob.digest\":\"sha256:" + "0".repeat(64)),
        "its annotations name another blob");
    assertRefused(
        good.replaceAll(
            "\"dev.nacelle.start.head-bytes\":\"[0-9]+\"",
            "\"dev.nacelle.start.head-bytes\":\"7\""),
        "another size of the head");
    assertRefused(good.replace("start.v1\",\"config", "other.v1\",\"config"), "it is no trace");
    assertRefused("{}", "it is no trace");
    assertRefused("no json", "");
  }

  private void assertRefused(String manifest, String why) throws Exception {
    assertThat(
            new StartCheck(List.of(form), place::open, NOON)
                .objection(Bytes.utf8(manifest))
                .orElseThrow())
        .contains(why);
  }

  @Test
  void nothingMayComeFromTheFutureForItWouldBeTheNewestForEver() throws Exception {
    AccessTrace trace = StartPackTest.trace(sample.index(), 3);
    TraceReferrer.publish(place, SUBJECT, trace, NOON.plus(Duration.ofDays(400)));
    assertThat(objection().orElseThrow()).contains("a time to come");
    TraceReferrer.publish(place, SUBJECT, trace, NOON.plus(Duration.ofMinutes(1)));
    assertThat(objection()).isEmpty();
  }

  @Test
  void aBlobThatIsNoTraceOrPackMayNotBe() throws Exception {
    Bytes noise = Bytes.utf8("whatever a host would like to keep here");
    for (BlobReferrer kind : List.of(TraceReferrer.KIND, StartReferrer.KIND)) {
      Descriptor blob = Descriptor.of(kind.blobType(), noise);
      kind.publish(
          place,
          SUBJECT,
          blob,
          noise::asInputStream,
          NOON,
          Map.of("dev.nacelle.start.head-bytes", String.valueOf(noise.sizeBytes())));
      assertThat(objection().orElseThrow()).contains("cannot read");
    }
  }

  @Test
  void nothingMayFollowThePack() throws Exception {
    publishPack(sample.form(), StartPackTest.trace(sample.index(), 3, 1));
    Path file = directory.resolve("longer");
    var pack =
        StartPackWriter.write(
                List.of(StartPackWriter.Layer.of(sample.form())),
                StartPackTest.trace(sample.index(), 3, 1),
                file)
            .orElseThrow();
    Bytes longer = Bytes.utf8(" and more");
    Files.write(file, longer.toByteArray(), java.nio.file.StandardOpenOption.APPEND);
    Bytes whole = Bytes.wrap(Files.readAllBytes(file));
    StartReferrer.KIND.publish(
        place,
        SUBJECT,
        Descriptor.of(StartReferrer.ARTIFACT_TYPE, whole),
        whole::asInputStream,
        NOON,
        Map.of("dev.nacelle.start.head-bytes", String.valueOf(pack.headBytes())));
    assertThat(objection().orElseThrow()).contains("something follows its chunks");
  }
}
