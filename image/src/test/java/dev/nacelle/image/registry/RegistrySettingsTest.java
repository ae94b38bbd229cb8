package dev.nacelle.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.image.Credential;
import dev.nacelle.image.ImageReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RegistrySettingsTest {
  @TempDir Path directory;

  private RegistrySettings read(String yaml) throws IOException {
    return RegistrySettings.read(Files.writeString(directory.resolve("r.yaml"), yaml));
  }

  @Test
  void eachRegistryHasItsOwnSettings() throws Exception {
    RegistrySettings settings =
        read(
            """
            registries:
              r.example.com:5000:
                ca: /etc/ca.pem
                plainHttp: false
                insecure: true
                mirrors: [https://m.example.com]
                username: u
                password: p
            """);
    RegistrySettings.Registry registry = settings.of("r.example.com:5000");
    assertThat(registry.authorities()).contains(Path.of("/etc/ca.pem"));
    assertThat(registry.plainHttp()).contains(false);
    assertThat(registry.verification()).isEqualTo(RegistrySettings.Verification.NONE);
    assertThat(registry.mirrors()).containsExactly("https://m.example.com");
    assertThat(registry.credential()).contains(new Credential.UserPassword("u", "p"));
    assertThat(settings.of("other")).isEqualTo(RegistrySettings.Registry.DEFAULT);
  }

  @Test
  void anUnknownKeyIsRefusedByName() {
    assertThatThrownBy(() -> read("registries:\n  r:\n    plainHTTP: true\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unknown key \"plainHTTP\" in r");
  }

  @Test
  void loopbackIsPlainAndTheRestIsNot() {
    var byDefault = RegistrySettings.Registry.DEFAULT;
    assertThat(endpoint("127.0.0.1:5000/a", byDefault)).isEqualTo("http://127.0.0.1:5000");
    assertThat(endpoint("localhost/a", byDefault)).isEqualTo("http://localhost");
    assertThat(endpoint("busybox", byDefault)).isEqualTo("https://registry-1.docker.io");
    assertThat(endpoint("127.0.0.1.example.com/a", byDefault))
        .isEqualTo("https://127.0.0.1.example.com");
  }

  private static String endpoint(String reference, RegistrySettings.Registry registry) {
    return Endpoint.origin(ImageReference.parse(reference), registry).base().toString();
  }

  @Test
  void challengesAreReadWithQuotesAndSeveralInOneHeader() {
    assertThat(
            Challenge.parse(
                "Bearer realm=\"https://a/t?x=1,2\",service=s, scope=\"a \\\"b\\\"\", Basic"
                    + " realm=x"))
        .containsExactly(
            new Challenge(
                "bearer", Map.of("realm", "https://a/t?x=1,2", "service", "s", "scope", "a \"b\"")),
            new Challenge("basic", Map.of("realm", "x")));
    assertThat(Challenge.parse("")).isEmpty();
    assertThat(Challenge.parse(",=\"")).isEmpty();
  }
}
