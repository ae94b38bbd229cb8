package dev.nacelle.kernel.bpf;

/**
 * The shape of a map; see bpf(2).
 *
 * @param type a {@code BPF_MAP_TYPE_*} number
 * @param flags {@code BPF_F_*} of creation
 */
public record MapLayout(
    String name, int type, int keySize, int valueSize, int maxEntries, int flags) {
  public MapLayout {
    if (keySize < 0 || keySize > 512 || valueSize < 0 || valueSize > 1 << 16 || maxEntries < 0) {
      throw new IllegalArgumentException("cannot use map " + name + ": sizes out of bounds");
    }
  }

  boolean sameShape(MapLayout other) {
    return type == other.type
        && keySize == other.keySize
        && valueSize == other.valueSize
        && maxEntries == other.maxEntries
        && flags == other.flags;
  }
}
