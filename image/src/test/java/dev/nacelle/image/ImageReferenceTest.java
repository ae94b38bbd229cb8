package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ImageReferenceTest {
  private static final String DIGEST =
      "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

  @ParameterizedTest
  @CsvSource({
    "busybox, docker.io/library/busybox:latest",
    "busybox:1.36, docker.io/library/busybox:1.36",
    "user/app, docker.io/user/app:latest",
    "docker.io/busybox, docker.io/library/busybox:latest",
    "index.docker.io/busybox, docker.io/library/busybox:latest",
    "localhost/app, localhost/app:latest",
    "localhost:5000/app:v1, localhost:5000/app:v1",
    "registry.example.com/a/b/c:T-1.x, registry.example.com/a/b/c:T-1.x",
    "[::1]:5000/app, '[::1]:5000/app:latest'",
    "127.0.0.1:5000/a__b/c-d.e, 127.0.0.1:5000/a__b/c-d.e:latest",
    "Upper/app, Upper/app:latest",
    "foo--bar, docker.io/library/foo--bar:latest",
  })
  void aShortNameIsCompletedAsDockerDoes(String written, String full) {
    assertThat(ImageReference.parse(written)).hasToString(full);
    assertThat(ImageReference.parse(full)).hasToString(full);
  }

  @Test
  void aDigestStandsAloneOrBesideATag() {
    ImageReference bare = ImageReference.parse("app@" + DIGEST);
    assertThat(bare.tag()).isEmpty();
    assertThat(bare).hasToString("docker.io/library/app@" + DIGEST);
    assertThat(ImageReference.parse("app:1@" + DIGEST))
        .hasToString("docker.io/library/app:1@" + DIGEST);
  }

  @ParameterizedTest
  @CsvSource({
    "BusyBox, invalid reference format: repository name (library/BusyBox) must be lowercase",
    "example.com/Foo:1, invalid reference format: repository name (Foo) must be lowercase",
    "a b, invalid reference format",
    "app:, invalid reference format",
    "-app, invalid reference format",
    "a//b, invalid reference format",
    "app@sha256:1234, invalid reference format",
    "'', invalid reference format",
    "app@sha256:0123456789abcdef0123456789abcdef, invalid checksum digest length",
    "app@md5:0123456789abcdef0123456789abcdef, unsupported digest algorithm",
  })
  void whatDoesNotParseSaysWhyInUpstreamsWords(String written, String why) {
    assertThatThrownBy(() -> ImageReference.parse(written))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.fault()).isEqualTo(ImageFault.INVALID_NAME))
        .hasMessage("couldn't parse image reference \"" + written + "\": " + why);
  }

  @Test
  void aBareImageIdIsNoName() {
    assertThatThrownBy(() -> ImageReference.parse("a".repeat(64)))
        .hasMessageContaining("cannot specify 64-byte hexadecimal strings");
  }

  @Test
  void anyTextEitherParsesToAFixedPointOrIsRefused() {
    long seed = 20_260_101L;
    var random = new Random(seed);
    String alphabet = "abzAZ019._-/:@[]% \u00e9";
    for (int i = 0; i < 50_000; i++) {
      var text = new StringBuilder();
      for (int length = random.nextInt(30); length > 0; length--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        String full = ImageReference.parse(text.toString()).toString();
        assertThat(ImageReference.parse(full)).as("seed %d: %s", seed, text).hasToString(full);
      } catch (ImageException e) {
        assertThat(e.fault()).isEqualTo(ImageFault.INVALID_NAME);
      }
    }
    assertThatThrownBy(() -> ImageReference.parse("a-".repeat(100_000)))
        .isInstanceOf(ImageException.class);
  }

  @Test
  void theDefaultPolicyIsAlwaysForLatestOnly() {
    assertThat(PullPolicy.defaultFor(ImageReference.parse("a"))).isEqualTo(PullPolicy.ALWAYS);
    assertThat(PullPolicy.defaultFor(ImageReference.parse("a:1")))
        .isEqualTo(PullPolicy.IF_NOT_PRESENT);
    assertThat(PullPolicy.defaultFor(ImageReference.parse("a@" + DIGEST)))
        .isEqualTo(PullPolicy.IF_NOT_PRESENT);
  }
}
