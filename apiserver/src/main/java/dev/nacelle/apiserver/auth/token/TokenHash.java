package dev.nacelle.apiserver.auth.token;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Tokens are kept and compared as their hashes, so that neither memory nor time tells them. */
final class TokenHash {
  private TokenHash() {}

  static String of(String token) {
    try {
      return new String(
          MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)),
          StandardCharsets.ISO_8859_1);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this runtime has no SHA-256", e);
    }
  }
}
