package dev.nacelle.image;

import dev.nacelle.image.layer.SpaceClaim;
import dev.nacelle.kernel.mount.DiskSpace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * What images take on their disk, in blocks and not by the sizes of files, and whether there is
 * room for more: within the quota, and on the disk, of which some is always left to others. Counted
 * as it changes; what is written beside the layers, manifests and traces, when it is measured. Has
 * no say in what is removed. Safe for any thread.
 */
final class ImageDisk {
  private static final long LEFT_FREE_BYTES = 64L << 20;

  /** So much of the quota is kept free while anything unused can go. */
  private static final int TIGHT_SHARE = 20;

  private static final int ROOMY_SHARE = 10;

  /** Makes room. */
  interface Room {
    /** Removes what nobody needs until so many bytes are freed; how many were. */
    long make(long bytes);

    /** Room is getting scarce; must not block. */
    void scarce();

    /** For people: what holds the room. */
    String holders();

    /** There is none to be made. */
    Room NONE =
        new Room() {
          @Override
          public long make(long bytes) {
            return 0;
          }

          @Override
          public void scarce() {}

          @Override
          public String holders() {
            return "nothing can be removed now";
          }
        };
  }

  private final StoreLayout layout;
  private final ImageDiskSettings settings;

  /** By the layer's key. */
  private final Map<String, Long> layers = new ConcurrentHashMap<>();

  /** All there is, and what is claimed. */
  private final AtomicLong used = new AtomicLong();

  /** Of claims: what is not written yet. */
  private final AtomicLong outstanding = new AtomicLong();

  /** Of that: what lies beside the layers. */
  private final AtomicLong beside = new AtomicLong();

  private final CountDownLatch measured = new CountDownLatch(1);

  /** Held by who claims: two that look at once must not both find the same room. */
  private final ReentrantLock claiming = new ReentrantLock();

  private volatile Room room = Room.NONE;

  ImageDisk(StoreLayout layout, ImageDiskSettings settings) {
    this.layout = layout;
    this.settings = settings;
    settings.metrics().show(settings, this::usedBytes);
  }

  /** From now on room is made where there is not enough. */
  void roomBy(Room maker) {
    room = maker;
  }

  ImageDiskSettings settings() {
    return settings;
  }

  /** What images take now, with what is claimed; waits for the first measurement. */
  long usedBytes() {
    awaitMeasured();
    return used.get();
  }

  private void awaitMeasured() {
    try {
      measured.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // who was interrupted gets what is known
    }
  }

  /** What a layer takes now; 0 if it is not here. */
  long layerBytes(String key) {
    return layers.getOrDefault(key, 0L);
  }

  /** What layers take together, each counted once. */
  long bytesOf(Stream<String> keys) {
    return keys.distinct().mapToLong(this::layerBytes).sum();
  }

  /** Looks at all files anew: what was counted may be off by blocks that the disk adds. */
  void measureAll() {
    try {
      for (Path layer : list(layout.layers())) {
        measure(String.valueOf(layer.getFileName()));
      }
      measureBeside();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot measure " + layout.root(), e);
    } finally {
      measured.countDown();
    }
  }

  /** Looks at what lies beside the layers. */
  void measureBeside() throws IOException {
    long now = DiskSpace.allocatedBytes(layout.index());
    for (Path directory : List.of(layout.blobs(), layout.traces())) {
      for (Path file : list(directory)) {
        now += DiskSpace.allocatedBytes(file);
      }
    }
    used.addAndGet(now - beside.getAndSet(now));
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.toList();
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
  }

  /** Looks at a layer's files. */
  void measure(String key) {
    layers.compute(
        key,
        (k, before) -> {
          long now = allocated(layout.layer(k));
          used.addAndGet(now - (before == null ? 0 : before));
          return now == 0 ? null : now;
        });
  }

  private static long allocated(Path layer) {
    try {
      long sum = 0;
      for (Path file : list(layer)) {
        sum += DiskSpace.allocatedBytes(file);
      }
      return sum == 0 ? 0 : sum + DiskSpace.allocatedBytes(layer);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot measure " + layer, e);
    }
  }

  /** Bytes were written into a layer that is filled as it is read. Never blocks. */
  void grew(String key, long bytes) {
    if (layers.computeIfPresent(key, (k, before) -> before + bytes) == null) {
      return;
    }
    long now = used.addAndGet(bytes);
    if (now > tight()) {
      room.scarce();
    }
    if (now > settings.quotaBytes()) {
      settings.metrics().overQuota(Math.min(bytes, now - settings.quotaBytes()));
    }
  }

  /** A layer is being removed; its bytes count until {@link #freed}. */
  long takeOut(String key) {
    Long bytes = layers.remove(key);
    return bytes == null ? 0 : bytes;
  }

  void freed(long bytes) {
    used.addAndGet(-bytes);
  }

  private long tight() {
    return settings.hasQuota()
        ? settings.quotaBytes() - settings.quotaBytes() / TIGHT_SHARE
        : Long.MAX_VALUE;
  }

  /** How much must go so that there is room to spare; 0 if there is. */
  long scarceBytes() {
    long over =
        used.get() > tight()
            ? used.get() - (settings.quotaBytes() - settings.quotaBytes() / ROOMY_SHARE)
            : 0;
    return Math.max(over, LEFT_FREE_BYTES - availableBytes());
  }

  /** Whether there is room for what nobody waits for. */
  boolean hasRoomAhead() {
    boolean is = used.get() <= tight() && availableBytes() > LEFT_FREE_BYTES;
    if (!is) {
      room.scarce();
    }
    return is;
  }

  /** The disk itself was full: whether something could be removed for so many bytes. */
  boolean madeRoom(long bytes) {
    return room.make(bytes + LEFT_FREE_BYTES) > 0;
  }

  private long availableBytes() {
    return DiskSpace.of(layout.root()).availableBytes() - outstanding.get();
  }

  /** How many bytes are lacking for so many more; 0 or less if none. */
  private long lacking(long bytes) {
    long ofQuota = used.get() - (settings.quotaBytes() - bytes);
    return Math.max(ofQuota, bytes + LEFT_FREE_BYTES - availableBytes());
  }

  /**
   * Makes sure that there is room for so many bytes now; holds none of it.
   *
   * @param what completes the sentence "cannot ..."
   * @throws ImageException with {@link ImageFault#NO_SPACE} if there is not
   */
  void require(String what, long bytes) {
    awaitMeasured();
    for (long lacking = lacking(bytes); lacking > 0; lacking = lacking(bytes)) {
      if (room.make(lacking) == 0 && lacking(bytes) > 0) {
        throw refusal(what, bytes);
      }
    }
  }

  private ImageException refusal(String what, long bytes) {
    settings.metrics().refused();
    boolean quota = used.get() > settings.quotaBytes() - bytes;
    String why =
        quota
            ? "%d bytes are needed, the quota of images is %d bytes and %d are taken"
                .formatted(bytes, settings.quotaBytes(), used.get())
            : "%d bytes are needed, and of the %d that are left on the disk of %s %d stay free"
                .formatted(bytes, Math.max(0, availableBytes()), layout.root(), LEFT_FREE_BYTES);
    String remedy = quota ? "or raise --image-quota" : "or make room on the disk";
    return new ImageException(
        ImageFault.NO_SPACE,
        "cannot " + what + ": " + why + "; " + room.holders() + "; end pods, " + remedy);
  }

  /**
   * Claims room for what is about to be written.
   *
   * @param expectedBytes at least; more is claimed as it is written
   * @throws ImageException with {@link ImageFault#NO_SPACE} if there is not so much
   */
  Claim claim(String what, long expectedBytes) {
    var claim = new Claim(what);
    claim.expect(expectedBytes);
    return claim;
  }

  /** Room for one piece of work, until it is closed. For one thread. */
  final class Claim implements SpaceClaim, AutoCloseable {
    private final String what;
    private long held;
    private long written;

    private Claim(String what) {
      this.what = what;
    }

    private void expect(long bytes) {
      claiming.lock();
      try {
        require(what, bytes);
        used.addAndGet(bytes);
        outstanding.addAndGet(bytes);
      } finally {
        claiming.unlock();
      }
      held += bytes;
    }

    @Override
    public void take(long bytes) {
      written += bytes;
      if (written > held) {
        expect(written - held);
      }
      outstanding.addAndGet(-bytes);
    }

    /** Gives back what is held; what was written is counted by itself then. Idempotent. */
    @Override
    public void close() {
      used.addAndGet(-held);
      outstanding.addAndGet(-(held - Math.min(written, held)));
      held = 0;
      written = 0;
    }
  }
}
