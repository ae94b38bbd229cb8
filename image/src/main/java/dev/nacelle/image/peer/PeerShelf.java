package dev.nacelle.image.peer;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** What a host has whole and gives to others. Safe for any thread. */
public interface PeerShelf {

  /** A host that has nothing. */
  PeerShelf EMPTY =
      new PeerShelf() {
        @Override
        public Optional<Path> data(String key) {
          return Optional.empty();
        }

        @Override
        public Optional<Path> metadata(String key) {
          return Optional.empty();
        }

        @Override
        public Optional<Bytes> content(String digest) {
          return Optional.empty();
        }
      };

  /**
   * The data of a layer in its streaming form, if all of it is here.
   *
   * @param key of the layer; has the form of one
   */
  Optional<Path> data(String key);

  /** The metadata image of a layer in its streaming form, whose data may be missing. */
  Optional<Path> metadata(String key);

  /**
   * A manifest, a configuration, the index of a streaming form.
   *
   * @param digest has the form of one
   */
  Optional<Bytes> content(String digest) throws IOException;
}
