package dev.nacelle.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class JoinSignatureTest {
  private static final String CONTENT =
      "Hello from the other side. I must have called a thousand times.";
  private static final JoinToken TOKEN = new JoinToken("joshua", "my voice is my passport");

  @Test
  void theSignatureIsTheOneThatKubeadmMakes() {
    assertThat(JoinSignature.sign(CONTENT, TOKEN))
        .isEqualTo(
            "eyJhbGciOiJIUzI1NiIsImtpZCI6Impvc2h1YSJ9..VShe2taLd-YTrmWuRkcL_8QTNDHYxQIEBsAYYiIj1_8");
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
    var other = new JoinToken("joshua", "your voice is not");
    assertThat(JoinSignature.isOf(CONTENT, TOKEN, JoinSignature.sign(CONTENT, other))).isFalse();
  }

  @Test
  void aSignatureForAnotherTokenIsNotBelieved() {
    var other = new JoinToken("falken", TOKEN.secret());
    assertThat(JoinSignature.isOf(CONTENT, TOKEN, JoinSignature.sign(CONTENT, other))).isFalse();
  }

  @Test
  void anotherAlgorithmIsNotBelieved() {
    String header =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                "{\"alg\":\"none\",\"kid\":\"joshua\"}".getBytes(StandardCharsets.UTF_8));
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
