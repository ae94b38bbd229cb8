package dev.nacelle.app;

import dev.nacelle.cli.UpOptions;
import dev.nacelle.store.AesGcmCodec;
import dev.nacelle.store.KeyRing;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Secrets are encrypted at rest from the first start on. */
final class StoreEncryption {
  private static final List<String> PREFIXES = List.of("/registry/core/secrets/");

  private StoreEncryption() {}

  static RocksStoreOptions configure(RocksStoreOptions defaults, Layout layout, UpOptions options)
      throws IOException {
    Files.createDirectories(layout.pki());
    Path keys = options.encryptionKeys.orElse(layout.pki().resolve("secrets.key"));
    return defaults.codec(new AesGcmCodec(KeyRing.loadOrCreate(keys), PREFIXES));
  }
}
