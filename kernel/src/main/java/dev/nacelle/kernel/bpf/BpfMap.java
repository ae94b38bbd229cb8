package dev.nacelle.kernel.bpf;

import static dev.nacelle.kernel.bpf.Bpf.INT;
import static dev.nacelle.kernel.bpf.Bpf.LONG;

import dev.nacelle.kernel.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A map in the kernel. Keys and values are bytes exactly as the program lays them out. Safe for use
 * by many threads; the kernel makes each single update atomic.
 */
public final class BpfMap implements AutoCloseable {
  private static final int BATCH = 1024;
  private static final int INFO_SIZE = 40;

  private final int descriptor;
  private final MapLayout layout;

  private BpfMap(int descriptor, MapLayout layout) {
    this.descriptor = descriptor;
    this.layout = layout;
  }

  /** Makes an empty map; it lives until the last descriptor, pin and program is gone. */
  public static BpfMap create(MapLayout layout) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = Bpf.attributes(arena);
      attributes.set(INT, 0, layout.type());
      attributes.set(INT, 4, layout.keySize());
      attributes.set(INT, 8, layout.valueSize());
      attributes.set(INT, 12, layout.maxEntries());
      attributes.set(INT, 16, layout.flags());
      Bpf.name(attributes, 28, layout.name());
      return new BpfMap(
          Bpf.check("create bpf map " + layout.name(), Bpf.MAP_CREATE, attributes), layout);
    }
  }

  /** Opens the map pinned there if it has exactly this shape. */
  public static Optional<BpfMap> openPinned(Path path, MapLayout layout) {
    OptionalInt descriptor = Bpf.openPinned(path);
    if (descriptor.isEmpty()) {
      return Optional.empty();
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment info = Bpf.info(arena, descriptor.getAsInt(), INFO_SIZE);
      MapLayout found =
          new MapLayout(
              layout.name(),
              info.get(INT, 0),
              info.get(INT, 8),
              info.get(INT, 12),
              info.get(INT, 16),
              info.get(INT, 20));
      if (found.sameShape(layout)) {
        return Optional.of(new BpfMap(descriptor.getAsInt(), layout));
      }
    }
    Bpf.close(descriptor.getAsInt());
    return Optional.empty();
  }

  public void pin(Path path) {
    Bpf.pin(descriptor, path);
  }

  public MapLayout layout() {
    return layout;
  }

  int descriptor() {
    return descriptor;
  }

  /** Sets one entry. */
  public void put(byte[] key, byte[] value) {
    try (Arena arena = Arena.ofConfined()) {
      Bpf.check(
          "update bpf map " + layout.name(),
          Bpf.MAP_UPDATE_ELEM,
          element(arena, key, copy(arena, value, layout.valueSize())));
    }
  }

  /** Sets many entries, each atomically, some thousand per system call. */
  public void putAll(List<Map.Entry<byte[], byte[]>> entries) {
    for (int from = 0; from < entries.size(); from += BATCH) {
      List<Map.Entry<byte[], byte[]>> part =
          entries.subList(from, Math.min(entries.size(), from + BATCH));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment keys = arena.allocate((long) part.size() * layout.keySize(), 8);
        MemorySegment values = arena.allocate((long) part.size() * layout.valueSize(), 8);
        for (int i = 0; i < part.size(); i++) {
          place(keys, i, part.get(i).getKey(), layout.keySize());
          place(values, i, part.get(i).getValue(), layout.valueSize());
        }
        batch(arena, Bpf.MAP_UPDATE_BATCH, keys, values, part.size());
      }
    }
  }

  /** Removes an entry; an absent one is no error. */
  public void remove(byte[] key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = element(arena, key, MemorySegment.NULL);
      long result = Bpf.call(Bpf.MAP_DELETE_ELEM, attributes);
      if (result < 0 && result != -Errno.ENOENT) {
        throw new BpfException("delete from bpf map " + layout.name(), (int) -result, "");
      }
    }
  }

  /** Removes many entries; absent ones are no error. */
  public void removeAll(List<byte[]> keys) {
    keys.forEach(this::remove);
  }

  public Optional<byte[]> get(byte[] key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(layout.valueSize(), 8);
      long result = Bpf.call(Bpf.MAP_LOOKUP_ELEM, element(arena, key, value));
      if (result == -Errno.ENOENT) {
        return Optional.empty();
      }
      if (result < 0) {
        throw new BpfException("read bpf map " + layout.name(), (int) -result, "");
      }
      return Optional.of(value.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** All entries; complete only if nobody adds or removes meanwhile. */
  public List<Map.Entry<byte[], byte[]>> entries() {
    List<Map.Entry<byte[], byte[]>> entries = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment keys = arena.allocate((long) BATCH * layout.keySize(), 8);
      MemorySegment values = arena.allocate((long) BATCH * layout.valueSize(), 8);
      MemorySegment from = MemorySegment.NULL;
      MemorySegment to = arena.allocate(Math.max(8, layout.keySize()), 8);
      long result;
      do {
        MemorySegment attributes = Bpf.attributes(arena);
        attributes.set(LONG, 0, from.address());
        attributes.set(LONG, 8, to.address());
        attributes.set(LONG, 16, keys.address());
        attributes.set(LONG, 24, values.address());
        attributes.set(INT, 32, BATCH);
        attributes.set(INT, 36, descriptor);
        result = Bpf.call(Bpf.MAP_LOOKUP_BATCH, attributes);
        if (result < 0 && result != -Errno.ENOENT) {
          throw new BpfException("read bpf map " + layout.name(), (int) -result, "");
        }
        for (int i = 0; i < attributes.get(INT, 32); i++) {
          entries.add(
              Map.entry(cut(keys, i, layout.keySize()), cut(values, i, layout.valueSize())));
        }
        from = to;
      } while (result >= 0 && entries.size() <= layout.maxEntries());
    }
    return entries;
  }

  private static byte[] cut(MemorySegment segment, int index, int size) {
    return segment.asSlice((long) index * size, size).toArray(ValueLayout.JAVA_BYTE);
  }

  @Override
  public void close() {
    Bpf.close(descriptor);
  }

  private void batch(
      Arena arena, int command, MemorySegment keys, MemorySegment values, int count) {
    MemorySegment attributes = Bpf.attributes(arena);
    attributes.set(LONG, 16, keys.address());
    attributes.set(LONG, 24, values.address());
    attributes.set(INT, 32, count);
    attributes.set(INT, 36, descriptor);
    Bpf.check("update bpf map " + layout.name(), command, attributes);
  }

  private MemorySegment element(Arena arena, byte[] key, MemorySegment value) {
    MemorySegment attributes = Bpf.attributes(arena);
    attributes.set(INT, 0, descriptor);
    attributes.set(LONG, 8, copy(arena, key, layout.keySize()).address());
    attributes.set(LONG, 16, value.address());
    return attributes;
  }

  private MemorySegment copy(Arena arena, byte[] bytes, int size) {
    MemorySegment segment = arena.allocate(size, 8);
    place(segment, 0, bytes, size);
    return segment;
  }

  private void place(MemorySegment target, int index, byte[] bytes, int size) {
    if (bytes.length != size) {
      throw new IllegalArgumentException(
          "cannot use " + bytes.length + " bytes in map " + layout.name() + ": want " + size);
    }
    MemorySegment.copy(bytes, 0, target, ValueLayout.JAVA_BYTE, (long) index * size, size);
  }
}
