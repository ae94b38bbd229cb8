package dev.nacelle.image;

import java.nio.file.Path;

/**
 * Where everything of the store lies. Paths stay short: the kernel takes at most 255 bytes for one
 * mount option.
 */
record StoreLayout(Path node) {
  private static final int MAX_NODE_BYTES = 128;
  private static final int MOUNT_NAME_CHARS = 32;

  StoreLayout {
    node = node.toAbsolutePath().normalize();
    if (node.toString().length() > MAX_NODE_BYTES) {
      throw new ImageException(
          ImageFault.HOST,
          "cannot open image store "
              + node
              + ": the path is longer than "
              + MAX_NODE_BYTES
              + " characters; choose a shorter --data");
    }
  }

  Path root() {
    return node.resolve("images");
  }

  Path index() {
    return root().resolve("index.json");
  }

  /** Manifests and configurations, by digest. */
  Path blobs() {
    return root().resolve("blobs/sha256");
  }

  Path blob(String digest) {
    return blobs().resolve(hex(digest));
  }

  Path layers() {
    return root().resolve("layers");
  }

  Path layer(String key) {
    return layers().resolve(key);
  }

  /** What is being made; whatever is found here at the start is left over. */
  Path temporary() {
    return root().resolve("tmp");
  }

  /** What starts of images needed, by the digest of the image's manifest. */
  Path traces() {
    return root().resolve("traces");
  }

  Path trace(String manifestDigest) {
    return traces().resolve(hex(manifestDigest));
  }

  Path mounts() {
    return root().resolve("mounts");
  }

  Path mount(String layerKey) {
    return mounts().resolve(layerKey.substring(0, Math.min(MOUNT_NAME_CHARS, layerKey.length())));
  }

  /** The lower directory of an image that has no layer. */
  Path empty() {
    return root().resolve("empty");
  }

  /** An empty directory that lies under the layers of a volume. */
  Path beneath() {
    return root().resolve("beneath");
  }

  Path containers() {
    return node.resolve("containers");
  }

  Path container(String id) {
    return containers().resolve(id);
  }

  /** The digits of {@code sha256:HEX}; the digest has been checked before it came here. */
  static String hex(String digest) {
    return digest.substring(digest.indexOf(':') + 1);
  }
}
