package dev.nacelle.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.metrics.Metrics;
import dev.nacelle.image.layer.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Images are pulled, mounted, read, pruned and collected at once, under a quota that has room for
 * half of them. {@code -Dnacelle.garbage.seed} repeats what each thread does, {@code
 * -Dnacelle.garbage.rounds} says how long. Needs root, pre-content events, docker-registry, skopeo.
 */
final class ImageGarbageStressTest {
  private static final long SEED = Long.getLong("nacelle.garbage.seed", System.nanoTime());
  private static final int ROUNDS = Integer.getInteger("nacelle.garbage.rounds", 12);
  private static final int IMAGES = 6;
  private static final int READERS = 3;

  /** Three images and their metadata, with room to spare for a read. */
  private static final long QUOTA = 12 << 20;

  /** What readers may have under way when room is already scarce. */
  private static final long UNDER_WAY = 4 << 20;

  private static final long LATE_TRACES = 64 << 10;

  @TempDir Path directory;
  private final List<ImageReference> references = new ArrayList<>();
  private final List<byte[]> noise = new ArrayList<>();
  private final Map<ImageReference, Integer> pods = new ConcurrentHashMap<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger reads = new AtomicInteger();
  private final AtomicLong most = new AtomicLong();
  private final Semaphore starts = new Semaphore(0);
  private Optional<LazyStoreRig> rig = Optional.empty();
  private LocalImageStore store;

  @BeforeEach
  void prepare() throws Exception {
    LazyStoreRig started = LazyStoreRig.start(directory);
    rig = Optional.of(started);
    for (int n = 0; n < IMAGES; n++) {
      references.add(started.push(n, n % 2 == 0));
      noise.add(started.noise(n));
    }
    store = started.open(new ImageDiskSettings(QUOTA, new ImageDiskMetrics(new Metrics())));
    store.usedBy(
        () ->
            pods.keySet().stream()
                .flatMap(name -> store.resolve(name).stream())
                .map(ResolvedImage::id)
                .collect(Collectors.toSet()));
  }

  @AfterEach
  void end() throws Exception {
    if (rig.isPresent()) {
      rig.get().close();
    }
  }

  /** Starts "containers" one after another: each reads its image whole. */
  private int starts(int reader) throws Exception {
    var random = new Random(SEED + reader);
    for (int round = 0; round < ROUNDS; round++) {
      int image = random.nextInt(IMAGES);
      ImageReference reference = references.get(image);
      pods.merge(reference, 1, Integer::sum);
      String container = "c" + reader + "-" + round;
      starts.release();
      try {
        var request = PullRequest.of(reference, PullPolicy.IF_NOT_PRESENT);
        ResolvedImage here = store.ensure(request, PullProgress.SILENT).image();
        RootFilesystem root = store.mount(here.id(), container, MountOptions.DEFAULT);
        assertThat(root.merged().resolve("noise")).hasBinaryContent(noise.get(image));
        assertThat(root.merged().resolve("one")).hasContent("one");
        reads.incrementAndGet();
        most.accumulateAndGet(store.usage().usedBytes(), Math::max);
      } catch (ImageException e) {
        if (e.fault() != ImageFault.NO_SPACE) {
          throw e;
        }
        refused.incrementAndGet();
      } finally {
        store.unmount(container);
        pods.computeIfPresent(reference, (name, count) -> count == 1 ? null : count - 1);
      }
    }
    return ROUNDS;
  }

  /** Does something each time that a container starts, beside it. */
  private int collects() throws InterruptedException {
    var random = new Random(SEED - 1);
    var always = new GarbageThresholds(1, 0, Duration.ZERO);
    int count = 0;
    for (; !ended.get(); count++) {
      starts.acquire();
      switch (random.nextInt(8)) {
        case 0 -> store.prune(Set.of());
        case 1 -> store.collectGarbage(Set.of(), always);
        case 2 -> store.unmountIdleLayers();
        default -> most.accumulateAndGet(store.usage().usedBytes(), Math::max);
      }
    }
    return count;
  }

  /** As the peers of this host would: a layer is what it was, or gone. */
  private int gives() throws IOException {
    LocalParts parts = store.parts();
    var shelf = new SharedLayers(parts.layout(), parts.layers());
    Map<String, String> known = new ConcurrentHashMap<>();
    int count = 0;
    while (!ended.get()) {
      for (String key : parts.layers().keys()) {
        Optional<Path> data = shelf.data(key);
        if (data.isEmpty()) {
          continue;
        }
        try {
          String digest = Sha256.of(Bytes.wrap(Files.readAllBytes(data.get())));
          assertThat(known.merge(key, digest, (before, now) -> before)).isEqualTo(digest);
          count++;
        } catch (NoSuchFileException e) {
          continue; // collected meanwhile
        }
      }
    }
    return count;
  }

  @Test
  void nothingThatRunsIsTakenAndTheDiskReturnsToWhatIsUsed() throws Exception {
    try (var threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      List<Future<Integer>> readers = new ArrayList<>();
      List<Future<Integer>> others = new ArrayList<>();
      for (int n = 0; n < READERS; n++) {
        int reader = n;
        readers.add(threads.submit(() -> starts(reader)));
      }
      others.add(threads.submit(this::collects));
      others.add(threads.submit(this::gives));
      try {
        await(readers);
      } finally {
        ended.set(true);
        starts.release();
      }
      await(others);
    }
    System.out.printf(
        "seed %d: %d images read, %d refused for room, at most %d bytes of %d%n",
        SEED, reads.get(), refused.get(), most.get(), QUOTA);
    assertThat(reads.get()).isPositive();
    assertThat(most.get()).as("seed %d", SEED).isLessThanOrEqualTo(QUOTA + UNDER_WAY);
    store.prune(Set.of());
    assertThat(store.list()).isEmpty();
    assertThat(store.parts().layers().keys()).isEmpty();
    long counted = store.usage().usedBytes();
    store.collectGarbage(Set.of(), GarbageThresholds.DEFAULT); // measures again
    assertThat(store.usage().usedBytes()).isLessThanOrEqualTo(1 << 20);
    assertThat(counted)
        .as("seed %d", SEED)
        .isCloseTo(store.usage().usedBytes(), within(LATE_TRACES)); // written after the last start
  }

  private static void await(List<Future<Integer>> all) throws Exception {
    for (Future<Integer> one : all) {
      try {
        one.get();
      } catch (ExecutionException e) {
        throw new AssertionError("with seed " + SEED, e.getCause());
      }
    }
  }
}
