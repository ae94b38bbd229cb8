package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PullSecretsTest {
  private static List<Credential> find(String json, String image) {
    return PullSecrets.parse(Bytes.utf8(json)).forImage(ImageReference.parse(image));
  }

  @Test
  void theLongestPathComesFirst() {
    String json =
        "{\"auths\":{\"r.example.com\":{\"username\":\"a\",\"password\":\"1\"},"
            + "\"https://r.example.com/team/\":{\"username\":\"b\",\"password\":\"2\"}}}";
    assertThat(find(json, "r.example.com/team/app"))
        .containsExactly(
            new Credential.UserPassword("b", "2"), new Credential.UserPassword("a", "1"));
    assertThat(find(json, "r.example.com/teamwork/app"))
        .containsExactly(new Credential.UserPassword("a", "1"));
    assertThat(find(json, "other.example.com/app")).isEmpty();
  }

  @Test
  void theOldKeyOfDockerHubAndTheEncodedFormAreRead() {
    String json = "{\"https://index.docker.io/v1/\":{\"auth\":\"dXNlcjpwYXNzOndvcmQ=\"}}";
    assertThat(find(json, "busybox"))
        .containsExactly(new Credential.UserPassword("user", "pass:word"));
  }

  @Test
  void aStarStandsForOneLabelAndTokensAreTold() {
    String json =
        "{\"auths\":{\"*.example.com:5000\":{\"identitytoken\":\"t\"},"
            + "\"x.example.com:5000\":{\"registrytoken\":\"r\"}}}";
    assertThat(find(json, "x.example.com:5000/app"))
        .containsExactlyInAnyOrder(
            new Credential.IdentityToken("t"), new Credential.RegistryToken("r"));
    assertThat(find(json, "a.b.example.com:5000/app")).isEmpty();
  }

  @Test
  void secretsAreNotShownAndGarbageIsRefused() {
    assertThat(new Credential.UserPassword("u", "secret").toString()).doesNotContain("secret");
    assertThatThrownBy(() -> PullSecrets.parse(Bytes.utf8("nonsense")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("cannot read pull secret");
  }
}
