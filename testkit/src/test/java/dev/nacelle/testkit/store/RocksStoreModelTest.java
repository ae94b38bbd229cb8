package dev.nacelle.testkit.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.KeyRange;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.Store;
import dev.nacelle.store.StoreException;
import dev.nacelle.store.StoreWatch;
import dev.nacelle.store.Transaction;
import dev.nacelle.store.WatchEvent;
import dev.nacelle.store.WatchRequest;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

/** The same random calls to the simplest store and to the real one must have the same answers. */
class RocksStoreModelTest {
  private static final int STEPS = 400;
  private static final int KEYS = 12;
  private static final long CLOCK = 1;

  @TempDir Path directory = Path.of("");
  private final long seed = Long.getLong("seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final List<Long> leases = new ArrayList<>();

  @RepeatedTest(8)
  void randomCallsHaveTheAnswersOfTheModel() throws InterruptedException {
    Store real = open();
    try (Store model = new MemoryStore(() -> CLOCK)) {
      for (int step = 0; step < STEPS; step++) {
        if (random.nextInt(100) == 0) {
          real.close();
          real = open();
        }
        Function<Store, Object> call = randomCall(model);
        assertThat(answer(real, call))
            .as("step %d of -Dseed=%d", step, seed)
            .isEqualTo(answer(model, call));
      }
      assertThat(replay(real)).as("-Dseed=%d", seed).isEqualTo(replay(model));
    } finally {
      real.close();
    }
  }

  private Store open() {
    return RocksStore.open(directory, RocksStoreOptions.defaults().nanoTime(() -> CLOCK));
  }

  private static Object answer(Store store, Function<Store, Object> call) {
    try {
      return call.apply(store);
    } catch (StoreException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static List<WatchEvent> replay(Store store) throws InterruptedException {
    List<WatchEvent> events = new ArrayList<>();
    try (StoreWatch watch =
        store.watch(
            WatchRequest.prefix("")
                .fromRevision(store.compactedRevision() + 1)
                .with(WatchRequest.Option.PREVIOUS_VALUES))) {
      watch.requestProgress();
      while (true) {
        var batch = watch.poll(Duration.ofSeconds(1));
        events.addAll(batch.events());
        if (batch.revision() >= store.revision()) {
          return events;
        }
      }
    }
  }

  private Function<Store, Object> randomCall(Store model) {
    return switch (random.nextInt(20)) {
      case 0 -> compact(model.compactedRevision() + random.nextInt(30));
      case 1 -> grant();
      case 2 -> revoke();
      case 3, 4, 5, 6, 7 -> range(model.revision());
      default -> commit(model);
    };
  }

  private static Function<Store, Object> compact(long revision) {
    return store -> {
      store.compact(revision);
      return store.compactedRevision();
    };
  }

  private Function<Store, Object> grant() {
    return store -> {
      long id = store.grantLease(Duration.ofSeconds(60));
      if (!leases.contains(id)) {
        leases.add(id);
      }
      return id;
    };
  }

  private Function<Store, Object> revoke() {
    long lease = randomLease();
    return store -> {
      Object before = store.lease(lease);
      store.revokeLease(lease);
      return before;
    };
  }

  private long randomLease() {
    return leases.isEmpty() || random.nextInt(10) == 0
        ? 99
        : leases.get(random.nextInt(leases.size()));
  }

  private Function<Store, Object> range(long newest) {
    String key = randomKey();
    KeyRange range =
        switch (random.nextInt(4)) {
          case 0 -> KeyRange.key(key);
          case 1 -> KeyRange.prefix(key.substring(0, random.nextInt(key.length() + 1)));
          case 2 -> KeyRange.prefix("").after(key);
          default -> KeyRange.between(key, randomKey());
        };
    RangeRequest request =
        RangeRequest.of(range)
            .atRevision(random.nextBoolean() ? 0 : Math.max(1, newest + 1 - random.nextInt(40)))
            .limit(random.nextInt(5))
            .with(RangeRequest.Option.COUNT_ALL);
    return store -> store.range(request);
  }

  private Function<Store, Object> commit(Store model) {
    Transaction.Builder builder = Transaction.builder();
    List<String> keys = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      String key = randomKey();
      if (!keys.contains(key)) {
        keys.add(key);
      }
    }
    for (String key : keys) {
      long current =
          model.range(RangeRequest.key(key)).first().map(e -> e.modRevision()).orElse(0L);
      switch (random.nextInt(8)) {
        case 0 -> builder.ifAbsent(key);
        case 1, 2 -> builder.ifModRevision(key, current);
        default -> {}
      }
      switch (random.nextInt(6)) {
        case 0, 1 -> builder.deleteKey(key);
        case 2 -> builder.putWithLease(key, randomValue(), randomLease());
        default -> builder.put(key, randomValue());
      }
    }
    if (random.nextInt(10) == 0) {
      builder = Transaction.builder().deletePrefix("/k/" + random.nextInt(3));
    }
    Transaction transaction = builder.build();
    return store -> store.commit(transaction);
  }

  private String randomKey() {
    int number = random.nextInt(KEYS);
    return "/k/" + number % 3 + (number % 2 == 0 ? "/" : "") + number;
  }

  private Bytes randomValue() {
    return Bytes.utf8("v".repeat(random.nextInt(200)) + random.nextInt());
  }
}
