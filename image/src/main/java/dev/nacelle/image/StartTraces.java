package dev.nacelle.image;

import dev.nacelle.base.task.Threads;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.stream.AccessTrace;
import dev.nacelle.image.stream.LazyLayer;
import dev.nacelle.image.stream.StartPublication;
import dev.nacelle.image.stream.TraceRecorder;
import dev.nacelle.image.stream.TraceReplay;
import dev.nacelle.kernel.HostName;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What images need to start: fetched ahead of the readers where it is known, and written down where
 * it is not, to be kept here and laid beside the image for others. A start has ended when its
 * readers have needed nothing new for a while. Safe for any thread; threads of its own until it is
 * closed.
 */
final class StartTraces implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StartTraces.class);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final int QUIET_LOOKS = 6;
  private static final int MOST_LOOKS = 600;
  private static final AccessTrace UNKNOWN = new AccessTrace(List.of(), List.of());

  private final StoreLayout layout;
  private final RegistryClient registries;
  private final Clock clock;
  private final KeptTraces kept;
  private final Threads threads = new Threads("start-trace");
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();

  /** Digests of the manifests of those whose starts are being recorded, once for each start. */
  private final List<String> recorded = new CopyOnWriteArrayList<>();

  private volatile boolean closed;

  StartTraces(StoreLayout layout, RegistryClient registries, Clock clock) throws IOException {
    this.layout = layout;
    this.registries = registries;
    this.clock = clock;
    this.kept = new KeptTraces(layout);
  }

  /**
   * An image that was pulled and is about to be mounted.
   *
   * @param subject its own manifest
   * @param forms closed when what it brings along has been taken
   * @param layers of it that are being filled
   */
  record Start(
      ImageReference reference,
      Optional<Credential> credential,
      Descriptor subject,
      StreamedForms forms,
      List<FillingLayer> layers) {
    Start {
      layers = List.copyOf(layers);
    }

    private List<LazyLayer> lazyLayers() {
      return layers.stream().map(FillingLayer::layer).toList();
    }
  }

  /** Begins to fetch what the start needs, or to write it down; returns at once. */
  void begin(Start start) {
    if (start.layers().isEmpty() || closed) {
      start.forms().close();
      return;
    }
    boolean untouched = start.layers().stream().allMatch(FillingLayer::nothingHasCome);
    boolean anew = untouched && kept.isToBeRecorded(start.subject().digest());
    AccessTrace known = anew ? UNKNOWN : known(start);
    var recorder = new TraceRecorder(System::nanoTime);
    start.layers().forEach(layer -> layer.readers().add(recorder));
    if (known.isEmpty()) {
      start.forms().close();
    } else {
      TraceReplay replay = start.forms().replay(known, start.lazyLayers());
      run("replay", () -> follow(replay, start.forms()));
    }
    StartPublication.Run run = kindOf(anew, untouched && known.isEmpty());
    recorded.add(start.subject().digest());
    run(
        "record",
        () -> {
          try {
            record(start, recorder, known, run);
          } finally {
            recorded.remove(start.subject().digest());
          }
        });
  }

  /** Whether a start of the image of this manifest is being recorded, or what it gave laid down. */
  boolean isRecording(String manifest) {
    return recorded.contains(manifest);
  }

  private static StartPublication.Run kindOf(boolean anew, boolean cold) {
    if (anew) {
      return StartPublication.Run.ANEW;
    }
    return cold ? StartPublication.Run.COLD : StartPublication.Run.PREPARED;
  }

  private AccessTrace known(Start start) {
    AccessTrace told = start.forms().trace();
    return told.isEmpty() ? kept.find(start.subject().digest()).orElse(told) : told;
  }

  @FunctionalInterface
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private void run(String name, Work work) {
    threads.startVirtual(
        name,
        () -> {
          running.add(Thread.currentThread());
          try {
            if (!closed) {
              work.run();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          } catch (IOException | RuntimeException e) {
            LOG.info("what an image needs to start is not shared: {}", e.getMessage());
          } finally {
            running.remove(Thread.currentThread());
          }
        });
  }

  private static void follow(TraceReplay replay, StreamedForms forms) throws InterruptedException {
    try (forms;
        replay) {
      replay.await();
    }
  }

  private void record(
      Start start, TraceRecorder recorder, AccessTrace known, StartPublication.Run run)
      throws IOException, InterruptedException {
    AccessTrace seen = awaitQuiet(recorder);
    start.layers().forEach(layer -> layer.readers().remove(recorder));
    if (seen.isEmpty()) {
      return;
    }
    String manifest = start.subject().digest();
    kept.keep(manifest, known.isEmpty() ? seen : known.extendedBy(seen));
    new StartPublication(
            registries.repository(start.reference(), start.credential()),
            registries.writer(start.reference(), start.credential()),
            layout.temporary(),
            HostName.ofKernel().orElse(""))
        .publish(start.subject(), seen, run, clock.instant());
  }

  private static AccessTrace awaitQuiet(TraceRecorder recorder) throws InterruptedException {
    int before = 0;
    int quiet = 0;
    for (int look = 0; look < MOST_LOOKS && quiet < QUIET_LOOKS; look++) {
      Thread.sleep(LOOK);
      int now = recorder.count();
      quiet = now > 0 && now == before ? quiet + 1 : 0;
      before = now;
    }
    return recorder.trace();
  }

  /**
   * Drops what is kept of images that are gone since long.
   *
   * @param manifests digests of the manifests of those that are here
   */
  void forgetGone(Set<String> manifests) throws IOException {
    kept.forgetGone(manifests, clock.instant());
  }

  /** What was seen of starts under way is lost. */
  @Override
  public void close() {
    closed = true;
    running.forEach(Thread::interrupt);
  }
}
