package dev.nacelle.store;

import dev.nacelle.base.bytes.Bytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Encrypts the values under some prefixes with AES-256-GCM; other values lie as they are. A value
 * at rest is "aesgcm:v1:", the id of its key, ":", a random nonce of 12 bytes, the encrypted bytes
 * and the tag of 16. The store's key is authenticated with it, so that a value moved under another
 * key is refused. A value under such a prefix that is not encrypted is refused too.
 */
public final class AesGcmCodec implements ValueCodec {
  private static final byte[] MARK = "aesgcm:v1:".getBytes(StandardCharsets.US_ASCII);
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final KeyRing keys;
  private final List<String> prefixes;
  private final SecureRandom random = new SecureRandom();

  /**
   * @param prefixes the prefixes of the keys whose values are secret
   */
  public AesGcmCodec(KeyRing keys, List<String> prefixes) {
    this.keys = keys;
    this.prefixes = List.copyOf(prefixes);
  }

  @Override
  public Bytes encode(String key, Bytes plain) {
    if (!isSecret(key)) {
      return plain;
    }
    KeyRing.Key writing = keys.writing();
    byte[] id = (writing.id() + ":").getBytes(StandardCharsets.US_ASCII);
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    int header = MARK.length + id.length + NONCE_BYTES;
    byte[] stored = new byte[header + plain.sizeBytes() + TAG_BITS / Byte.SIZE];
    System.arraycopy(MARK, 0, stored, 0, MARK.length);
    System.arraycopy(id, 0, stored, MARK.length, id.length);
    System.arraycopy(nonce, 0, stored, MARK.length + id.length, NONCE_BYTES);
    try {
      Cipher cipher = cipher(Cipher.ENCRYPT_MODE, writing, nonce, key);
      cipher.doFinal(plain.unsafeArray(), 0, plain.sizeBytes(), stored, header);
    } catch (GeneralSecurityException e) {
      throw new StoreException("cannot encrypt %s: %s".formatted(key, e.getMessage()), e);
    }
    return Bytes.wrap(stored);
  }

  @Override
  public Bytes decode(String key, Bytes stored) {
    if (!isSecret(key)) {
      return stored;
    }
    byte[] bytes = stored.unsafeArray();
    if (bytes.length < MARK.length || !Arrays.equals(bytes, 0, MARK.length, MARK, 0, MARK.length)) {
      throw new StoreException("cannot decrypt %s: it is not encrypted".formatted(key));
    }
    int idEnd = MARK.length;
    while (idEnd < bytes.length && bytes[idEnd] != ':') {
      idEnd++;
    }
    String id = new String(bytes, MARK.length, idEnd - MARK.length, StandardCharsets.ISO_8859_1);
    KeyRing.Key reading =
        keys.find(id)
            .orElseThrow(
                () ->
                    new StoreException(
                        "cannot decrypt %s: its encryption key %s is not in the key file; put it back"
                            .formatted(key, id)));
    int header = idEnd + 1 + NONCE_BYTES;
    if (bytes.length < header) {
      throw new StoreException("cannot decrypt %s: it is cut short".formatted(key));
    }
    try {
      byte[] nonce = Arrays.copyOfRange(bytes, idEnd + 1, header);
      Cipher cipher = cipher(Cipher.DECRYPT_MODE, reading, nonce, key);
      return Bytes.wrap(cipher.doFinal(bytes, header, bytes.length - header));
    } catch (GeneralSecurityException e) {
      throw new StoreException(
          "cannot decrypt %s: the value is damaged or the key is not the one that wrote it"
              .formatted(key),
          e);
    }
  }

  private boolean isSecret(String key) {
    for (String prefix : prefixes) {
      if (key.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  private static Cipher cipher(int mode, KeyRing.Key key, byte[] nonce, String storeKey)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key.secret(), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(storeKey.getBytes(StandardCharsets.ISO_8859_1));
    return cipher;
  }
}
