package dev.nacelle.apiserver.auth.token;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The keys of service-account tokens: one signs, all are believed. A key's id is the hash of its
 * encoding.
 */
public final class TokenKeys {
  private final KeyPair signing;
  private final String signingId;
  private final Map<String, PublicKey> believed = new LinkedHashMap<>();

  /**
   * @param verifiers whose signatures are believed besides that of the signing pair
   */
  public TokenKeys(KeyPair signing, List<PublicKey> verifiers) {
    this.signing = signing;
    this.signingId = id(signing.getPublic());
    believed.put(signingId, signing.getPublic());
    verifiers.forEach(key -> believed.put(id(key), key));
  }

  String sign(JsonObject claims) {
    return Jwt.sign(claims, signingId, signing.getPrivate());
  }

  boolean verifies(Jwt token) {
    return token
        .header()
        .string("kid")
        .flatMap(id -> Optional.ofNullable(believed.get(id)))
        .filter(token::isSignedBy)
        .isPresent();
  }

  /** The keys as a JSON Web Key Set (RFC 7517), for others who verify tokens. */
  public JsonObject keySet() {
    var keys = new ArrayList<Json>();
    believed.forEach(
        (id, key) -> {
          if (key instanceof ECPublicKey curve) {
            keys.add(
                JsonObject.builder()
                    .put("use", "sig")
                    .put("kty", "EC")
                    .put("kid", id)
                    .put("crv", "P-256")
                    .put("alg", Jwt.ALGORITHM)
                    .put("x", coordinate(curve.getW().getAffineX()))
                    .put("y", coordinate(curve.getW().getAffineY()))
                    .build());
          }
        });
    return JsonObject.builder().put("keys", new JsonArray(keys)).build();
  }

  private static String coordinate(BigInteger value) {
    byte[] number = value.toByteArray();
    byte[] fixed = new byte[32];
    int length = Math.min(number.length, fixed.length);
    System.arraycopy(number, number.length - length, fixed, fixed.length - length, length);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(fixed);
  }

  private static String id(PublicKey key) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
      return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this runtime has no SHA-256", e);
    }
  }
}
