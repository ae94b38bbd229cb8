package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs what everybody may read with a bootstrap token, so that its holder knows who wrote it: a
 * JWS (RFC 7515) with HMAC-SHA256 and detached content, as kubeadm has it.
 */
final class JoinSignature {
  private static final String ALGORITHM = "HS256";

  private JoinSignature() {}

  /** {@code HEADER..SIGNATURE}. */
  static String sign(String content, JoinToken token) {
    JsonObject header = JsonObject.builder().put("alg", ALGORITHM).put("kid", token.id()).build();
    String encoded = encode(JsonWriter.write(header).unsafeArray());
    return encoded + ".." + encode(mac(encoded, content, token));
  }

  /** Whether a signature is that of this content by this token. */
  static boolean isOf(String content, JoinToken token, String signature) {
    String[] parts = signature.split("\\.", -1);
    if (parts.length != 3 || !parts[1].isEmpty()) {
      return false;
    }
    try {
      JsonObject header =
          JsonReader.readObject(Bytes.wrap(Base64.getUrlDecoder().decode(parts[0])));
      return header.string("alg").filter(ALGORITHM::equals).isPresent()
          && header.string("kid").filter(token.id()::equals).isPresent()
          && MessageDigest.isEqual(
              Base64.getUrlDecoder().decode(parts[2]), mac(parts[0], content, token));
    } catch (JsonSyntaxException | IllegalArgumentException e) {
      return false;
    }
  }

  private static byte[] mac(String header, String content, JoinToken token) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(token.secret().getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
      String signed = header + "." + encode(content.getBytes(StandardCharsets.UTF_8));
      return mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HMAC-SHA256", e);
    }
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
