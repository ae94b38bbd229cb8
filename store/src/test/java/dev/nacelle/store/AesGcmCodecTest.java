package dev.nacelle.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AesGcmCodecTest {
  private static final String KEY = "/secrets/a";
  private static final Bytes PLAIN = Bytes.utf8("the-plain-text-of-a-secret");

  @TempDir Path directory = Path.of("");

  private Path keyFile() {
    return directory.resolve("keys");
  }

  private static AesGcmCodec codec(KeyRing keys) {
    return new AesGcmCodec(keys, List.of("/secrets/"));
  }

  @Test
  void whatIsEncryptedIsReadBack() {
    AesGcmCodec codec = codec(KeyRing.loadOrCreate(keyFile()));
    Bytes stored = codec.encode(KEY, PLAIN);
    assertThat(stored.toUtf8()).startsWith("aesgcm:v1:key1:").doesNotContain("plain");
    assertThat(codec.encode(KEY, PLAIN)).isNotEqualTo(stored);
    assertThat(codec(KeyRing.loadOrCreate(keyFile())).decode(KEY, stored)).isEqualTo(PLAIN);
    assertThat(codec.decode(KEY, codec.encode(KEY, Bytes.EMPTY))).isEqualTo(Bytes.EMPTY);
  }

  @Test
  void otherPrefixesStayPlain() {
    AesGcmCodec codec = codec(KeyRing.loadOrCreate(keyFile()));
    assertThat(codec.encode("/pods/a", PLAIN)).isEqualTo(PLAIN);
    assertThat(codec.decode("/pods/a", PLAIN)).isEqualTo(PLAIN);
  }

  @Test
  void aMovedChangedOrPlainValueIsRefused() {
    AesGcmCodec codec = codec(KeyRing.loadOrCreate(keyFile()));
    Bytes stored = codec.encode(KEY, PLAIN);
    byte[] changed = stored.toByteArray();
    changed[changed.length - 1] ^= 1;
    assertThatThrownBy(() -> codec.decode("/secrets/b", stored)).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> codec.decode(KEY, Bytes.wrap(changed)))
        .isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> codec.decode(KEY, PLAIN))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("not encrypted");
    for (int length = 0; length < stored.sizeBytes(); length++) {
      Bytes cut = Bytes.wrap(Arrays.copyOf(stored.unsafeArray(), length));
      assertThatThrownBy(() -> codec.decode(KEY, cut)).isInstanceOf(StoreException.class);
    }
  }

  @Test
  void aNewKeyWritesAndTheOldOneStillReads() throws IOException {
    Bytes old = codec(KeyRing.loadOrCreate(keyFile())).encode(KEY, PLAIN);
    AesGcmCodec rotated = codec(KeyRing.addKey(keyFile()));
    Bytes fresh = rotated.encode(KEY, PLAIN);
    assertThat(fresh.toUtf8()).startsWith("aesgcm:v1:key2:");
    assertThat(rotated.decode(KEY, old)).isEqualTo(PLAIN);
    Files.writeString(
        keyFile(), Files.readAllLines(keyFile(), StandardCharsets.US_ASCII).getFirst() + "\n");
    AesGcmCodec newOnly = codec(KeyRing.loadOrCreate(keyFile()));
    assertThat(newOnly.decode(KEY, fresh)).isEqualTo(PLAIN);
    assertThatThrownBy(() -> newOnly.decode(KEY, old))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("key1 is not in the key file");
  }

  @Test
  void theKeyFileIsForItsOwnerOnly() throws IOException {
    assertThat(KeyRing.loadOrCreate(keyFile())).isNotNull();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile())))
        .isEqualTo("rw-------");
    Files.setPosixFilePermissions(keyFile(), PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> KeyRing.loadOrCreate(keyFile()))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void aMalformedKeyFileIsRefused() throws IOException {
    for (String text : List.of("", "key1 short\n", "key1 " + "!".repeat(44) + "\n")) {
      Files.writeString(keyFile(), text);
      Files.setPosixFilePermissions(keyFile(), PosixFilePermissions.fromString("rw-------"));
      assertThatThrownBy(() -> KeyRing.loadOrCreate(keyFile()))
          .isInstanceOf(StoreException.class)
          .hasMessageNotContaining("!!!!");
    }
  }

  @Test
  void plainBytesOfASecretNeverLieOnTheDisk() throws Exception {
    Path data = directory.resolve("store");
    RocksStoreOptions options =
        RocksStoreOptions.defaults().codec(codec(KeyRing.loadOrCreate(keyFile())));
    try (RocksStore store = RocksStore.open(data, options)) {
      for (int i = 0; i < 3; i++) { // replaced values lie in the history
        assertThat(store.commit(Transaction.put(KEY, PLAIN))).isNotNull();
      }
      assertThat(store.commit(Transaction.put("/pods/a", Bytes.utf8("visible-text")))).isNotNull();
      assertThat(filesContain(data, PLAIN.toUtf8())).isFalse(); // the log
      assertThat(filesContain(data, "visible-text")).isTrue();
      assertReadable(store);
    }
    assertThat(filesContain(data, PLAIN.toUtf8())).isFalse(); // the tables
    try (RocksStore store = RocksStore.open(data, options)) {
      assertReadable(store);
    }
  }

  private static void assertReadable(RocksStore store) throws InterruptedException {
    assertThat(store.range(RangeRequest.prefix("/secrets/")).entries())
        .extracting(Entry::value)
        .containsExactly(PLAIN);
    assertThat(store.commit(Transaction.create(KEY, PLAIN)))
        .isInstanceOfSatisfying(
            CommitResult.Conflict.class,
            conflict ->
                assertThat(conflict.current()).extracting(Entry::value).containsExactly(PLAIN));
    try (StoreWatch watch =
        store.watch(
            WatchRequest.key(KEY).fromRevision(1).with(WatchRequest.Option.PREVIOUS_VALUES))) {
      List<WatchEvent> events = watch.poll(Duration.ofSeconds(10)).events();
      assertThat(events).hasSize(3);
      assertThat(events.getLast().previous().orElseThrow().value()).isEqualTo(PLAIN);
    }
  }

  private static boolean filesContain(Path directory, String text) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
          return true;
        }
      }
      return false;
    }
  }
}
