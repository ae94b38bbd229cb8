package dev.nacelle.apiserver.auth.token;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.util.Base64;
import java.util.Optional;

/**
 * A JSON Web Token in compact form (RFC 7519), signed with ECDSA on P-256 and SHA-256 (ES256).
 *
 * @param signedText the first two parts, as they were signed
 */
record Jwt(JsonObject header, JsonObject claims, String signedText, byte[] signature) {
  static final String ALGORITHM = "ES256";
  private static final String JDK_ALGORITHM = "SHA256withECDSAinP1363Format";

  /** The token in a text; empty when the text is none. Nothing in it is verified. */
  static Optional<Jwt> parse(String token) {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Jwt(
              object(parts[0]),
              object(parts[1]),
              parts[0] + "." + parts[1],
              Base64.getUrlDecoder().decode(parts[2])));
    } catch (IllegalArgumentException | JsonSyntaxException e) {
      return Optional.empty();
    }
  }

  private static JsonObject object(String part) {
    return JsonReader.readObject(Bytes.wrap(Base64.getUrlDecoder().decode(part)));
  }

  boolean isSignedBy(PublicKey key) {
    if (!header.string("alg").orElse("").equals(ALGORITHM)) {
      return false;
    }
    try {
      Signature verifier = Signature.getInstance(JDK_ALGORITHM);
      verifier.initVerify(key);
      verifier.update(signedText.getBytes(StandardCharsets.US_ASCII));
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  static String sign(JsonObject claims, String keyId, PrivateKey key) {
    JsonObject header = JsonObject.builder().put("alg", ALGORITHM).put("kid", keyId).build();
    String text = encode(header) + "." + encode(claims);
    try {
      Signature signer = Signature.getInstance(JDK_ALGORITHM);
      signer.initSign(key);
      signer.update(text.getBytes(StandardCharsets.US_ASCII));
      return text + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signer.sign());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("cannot sign a token: " + e.getMessage(), e);
    }
  }

  private static String encode(JsonObject part) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(JsonWriter.write(part).toByteArray());
  }
}
