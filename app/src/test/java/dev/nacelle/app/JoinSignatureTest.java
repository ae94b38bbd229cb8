package dev.nacelle.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class JoinSignatureTest {
  private static final String CONTENT = "apiVersion: v1\nkind: Config\n";
  private static final JoinToken TOKEN = new JoinToken("abcdef", "0123456789abcdef");

  @Test
  void theSignatureIsTheOneThatOpensslMakes() {
    // printf %s.%s HEADER PAYLOAD | openssl dgst -sha256 -hmac SECRET -binary, all in base64url
    assertThat(JoinSignature.sign(CONTENT, TOKEN))
        .isEqualTo(
            "eyJhbGciOiJIUzI1NiIsImtpZCI6ImFiY2RlZiJ9"
                + "..vH_kT4yiol-nrAWgjfCYqvum5wsKETXe0S7OOp1VgnE");
  }

  @Test
  void whatWasSignedIsBelieved() {
    assertThat(JoinSignature.isOf(CONTENT, TOKEN, JoinSignature.sign(CONTENT, TOKEN))).isTrue();
  }

  @Test
  void changedContentIsNotBelieved() {
    assertThat(JoinSignature.isOf(CONTENT + " ", TOKEN, JoinSignature.sign(CONTENT, TOKEN)))
        .isFalse();
  }

  @Test
  void anotherSecretIsNotBelieved() {
    var other = new JoinToken("abcdef", "fedcba9876543210");
    assertThat(JoinSignature.isOf(CONTENT, TOKEN, JoinSignature.sign(CONTENT, other))).isFalse();
  }

  @Test
  void aSignatureForAnotherTokenIsNotBelieved() {
    var other = new JoinToken("fedcba", TOKEN.secret());
    assertThat(JoinSignature.isOf(CONTENT, TOKEN, JoinSignature.sign(CONTENT, other))).isFalse();
  }

  @Test
  void anotherAlgorithmIsNotBelieved() {
    String header =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                "{\"alg\":\"none\",\"kid\":\"abcdef\"}".getBytes(StandardCharsets.UTF_8));
    assertThat(JoinSignature.isOf(CONTENT, TOKEN, header + "..")).isFalse();
  }

  @Test
  void whatIsNoSignatureIsNotBelieved() {
    String whole = JoinSignature.sign(CONTENT, TOKEN);
    assertThat(whole.split("\\.", -1)).hasSize(3);
    for (String text : new String[] {"", ".", "..", "a.b.c", "!..!", whole + ".", "e30..AA"}) {
      assertThat(JoinSignature.isOf(CONTENT, TOKEN, text)).as(text).isFalse();
    }
  }
}
