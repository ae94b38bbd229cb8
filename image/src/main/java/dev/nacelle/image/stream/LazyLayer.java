package dev.nacelle.image.stream;

import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/**
 * A layer whose data arrives as it is read. A chunk is fetched once however many want it, proved
 * before it is written, and said to be present only after that. Requests for neighbouring chunks
 * are one request; readers that go front to back are read ahead of; what was asked for beforehand
 * is fetched while no reader waits. Safe for any thread; has threads of its own until it is closed.
 *
 * <p>The map of present chunks is believed only within the boot that wrote it: memory may have been
 * ahead of the disk. After another boot the chunks it named are proved again, each before its use.
 */
public final class LazyLayer implements AutoCloseable {

  /** Of all layers of this host. */
  private static final Turns TURNS = Turns.ofHost();

  /** What all fetches of a layer share. */
  record Fetching(
      StreamIndex index,
      RankedSources sources,
      FetchPolicy policy,
      InstantSource clock,
      Crew crew) {}

  /** For whom a range is fetched. */
  private enum Lane {
    READER,
    /** Ahead of readers, or because somebody asked beforehand: while no reader waits. */
    BACKGROUND,
    /** Because it will surely be read; who asks for it bounds how many there are. */
    SURE
  }

  /** A range that is fetched or will be, and those who wait for it. */
  private static final class Flight {
    private final ChunkRange range;
    private final Lane lane;
    private final Condition landed;
    private final Turns.Turn turn = TURNS.turn();
    private boolean ended;
    private Optional<ChunkFillException> failure = Optional.empty();

    Flight(ChunkRange range, Lane lane, Condition landed) {
      this.range = range;
      this.lane = lane;
      this.landed = landed;
      if (lane == Lane.READER) {
        turn.hurry();
      }
    }
  }

  private final StreamIndex index;
  private final LazyContents contents;
  private final Fetching fetching;
  private final FetchPolicy policy;
  private final Runnable whenWhole;
  private final Crew crew;
  private final BooleanSupplier roomAhead;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wholeOrClosed = lock.newCondition();

  /** Guarded by {@code lock}, as all below. By chunk. */
  private final Map<Integer, Flight> flights = new HashMap<>();

  private final Deque<Flight> readers = new ArrayDeque<>();
  private final FetchQueue queue;
  private final ReaderWatch watch;

  private int running;
  private int runningInBackground;
  private boolean closed;

  private LazyLayer(StreamIndex index, LazyContents contents, LazyLayerSettings settings) {
    this.index = index;
    this.contents = contents;
    this.policy = settings.policy();
    this.whenWhole = settings.whenWhole();
    this.roomAhead = settings.roomAhead();
    this.crew = new Crew("layer-" + index.diffId().substring(7, 19));
    this.fetching =
        new Fetching(
            index,
            new RankedSources(settings.sources(), settings.clock()),
            policy,
            settings.clock(),
            crew);
    this.queue =
        new FetchQueue(
            policy.maxFetchChunks(), policy.maxEagerChunks(), settings.sources()::border);
    this.watch = new ReaderWatch(index, policy.maxReadAhead(), settings.readers());
  }

  /**
   * Opens a layer whose files are here, whole or not.
   *
   * @param blob the layer's data file, through a descriptor that raises no events
   * @throws IOException if the files are not those of the index
   */
  public static LazyLayer open(
      StreamIndex index, LazyLayerFiles files, BlobFile blob, LazyLayerSettings settings)
      throws IOException {
    var contents = LazyContents.open(index, files, blob, settings.bootId());
    var layer = new LazyLayer(index, contents, settings);
    layer.prefetch(contents.suspects());
    return layer;
  }

  public StreamIndex index() {
    return index;
  }

  /**
   * Returns when all bytes of a range are in the file.
   *
   * @param offset in the data, in bytes; need not be that of a chunk
   * @param count of bytes; what lies behind the end of the data does not matter
   * @throws ChunkFillException if a chunk cannot be had from any source: names the layer, the chunk
   *     and what each source answered. A later call tries again
   */
  public void fill(long offset, long count) throws IOException, InterruptedException {
    if (offset < 0 || count < 0 || offset >= index.dataBytes()) {
      throw new IllegalArgumentException(
          "cannot fill %d bytes at %d of %d".formatted(count, offset, index.dataBytes()));
    }
    if (count == 0) {
      return;
    }
    int first = (int) (offset / VerityTree.CHUNK_BYTES);
    long last = Math.min(index.dataBytes() - 1, offset + Math.min(count, index.dataBytes()) - 1);
    fill(ChunkRange.between(first, (int) (last / VerityTree.CHUNK_BYTES) + 1));
  }

  private void fill(ChunkRange wanted) throws IOException, InterruptedException {
    if (contents.hasAll(wanted)) {
      return;
    }
    lock.lockInterruptibly();
    try {
      requireOpen();
      watch.after(wanted, contents::has).ifPresent(queue::addAhead);
      if (watch.becomesWholeRead()) {
        queue.addAll(index.chunks(), wanted.first());
      }
      readers.addAll(takeOffMissing(wanted, policy.maxFetchChunks(), Lane.READER));
      var awaited = new HashMap<Integer, Flight>();
      for (int n = wanted.first(); n < wanted.end(); n++) {
        Flight flight = flights.get(n);
        if (flight != null) {
          awaited.put(n, flight);
        }
      }
      pump();
      for (int n = wanted.first(); n < wanted.end(); n++) {
        await(n, Optional.ofNullable(awaited.get(n)));
      }
    } finally {
      lock.unlock();
    }
  }

  private void await(int chunk, Optional<Flight> flight) throws IOException, InterruptedException {
    while (!contents.has(chunk)) {
      Flight coming = flight.orElseThrow();
      if (coming.ended) {
        throw new ChunkFillException(coming.failure.orElseGet(() -> closing(chunk)));
      }
      coming.turn.hurry();
      coming.landed.await();
    }
  }

  private ChunkFillException closing(int chunk) {
    return new ChunkFillException(
        index.diffId(), chunk, "the layer is being closed, or the host has no more threads");
  }

  private void requireOpen() throws IOException {
    if (closed) {
      throw new IOException("cannot fill layer " + index.diffId() + ": it is closed");
    }
  }

  /**
   * Fetches ranges in their order while no reader waits; returns at once.
   *
   * @return how many of the ranges were taken in: the queue is bounded
   */
  public int prefetch(List<ChunkRange> ranges) throws IOException {
    for (ChunkRange range : ranges) {
      if (range.end() > index.chunks()) {
        throw new IllegalArgumentException(
            "cannot prefetch " + range + " of " + index.chunks() + " chunks");
      }
    }
    lock.lock();
    try {
      requireOpen();
      int taken = queue.addAsked(ranges);
      pump();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /** Whether all of these chunks are in the file. */
  public boolean has(ChunkRange range) {
    return range.end() <= index.chunks() && contents.hasAll(range);
  }

  /** The chunks that are in the file now. */
  public BitSet present() {
    return contents.present();
  }

  /**
   * Reads a chunk that is in the file.
   *
   * @return the caller's own
   * @throws IOException if it is not, or the layer is closed
   */
  public byte[] read(int chunk) throws IOException {
    return contents.read(chunk);
  }

  /** Whether the map of present chunks, a file, says what this has put there. */
  public boolean hasItsMap() {
    return contents.hasItsMap();
  }

  /**
   * Proves once more all that is present. What is not what it should be is missing from then on,
   * and is fetched again.
   *
   * @return the chunks that were wrong
   * @throws IOException if the layer is closed; or whole, so that nothing is fetched any more
   */
  public List<Integer> proveAgain() throws IOException {
    List<Integer> wrong = contents.proveAgain();
    prefetch(wrong.stream().map(n -> new ChunkRange(n, 1)).toList());
    return wrong;
  }

  /** Fetches all that is missing, in large requests, while no reader waits; returns at once. */
  public void prefetchAll() throws IOException {
    lock.lock();
    try {
      requireOpen();
      queue.addAll(index.chunks(), 0);
      pump();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Fetches what is missing of a range, now and beside the policy's limits, and waits until that
   * has ended, whether it came or not. Each run of missing chunks is one request.
   */
  void fetchNow(ChunkRange range) throws IOException, InterruptedException {
    if (!mayFetchAhead()) {
      return;
    }
    lock.lockInterruptibly();
    try {
      requireOpen();
      List<Flight> own = takeOffMissing(range, range.count(), Lane.SURE);
      own.forEach(this::start);
      for (Flight flight : own) {
        while (!flight.ended) {
          flight.landed.await();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** As the other, of one chunk, and on this thread, which unpacks and proves it. */
  void fetchHere(int chunk) throws IOException, InterruptedException {
    if (!mayFetchAhead()) {
      return;
    }
    Flight flight;
    lock.lockInterruptibly();
    try {
      requireOpen();
      if (!isMissing(chunk)) {
        return;
      }
      flight = takeOff(new ChunkRange(chunk, 1), Lane.SURE);
    } finally {
      lock.unlock();
    }
    crew.workHere(() -> fly(flight));
  }

  /** Whether there is room for what no reader waits for. */
  public boolean mayFetchAhead() {
    return roomAhead.getAsBoolean();
  }

  /** There may be room again: goes on with what was to be fetched while no reader waits. */
  public void goOn() {
    lock.lock();
    try {
      pump();
    } finally {
      lock.unlock();
    }
  }

  /** Whether every chunk is in the file. */
  public boolean isWhole() {
    return contents.isWhole();
  }

  /**
   * Waits until every chunk is in the file; asks for none.
   *
   * @throws IOException if the layer is closed before
   */
  public void awaitWhole() throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!contents.isWhole()) {
        requireOpen();
        wholeOrClosed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  public FillCounters counters() {
    return new FillCounters(
        index.chunks(),
        contents.presentChunks(),
        contents.reprovedChunks(),
        fetching.sources().counters());
  }

  private boolean isMissing(int chunk) {
    return !contents.has(chunk) && !flights.containsKey(chunk);
  }

  private List<Flight> takeOffMissing(ChunkRange range, int atMost, Lane lane) {
    var result = new ArrayList<Flight>();
    for (int n = range.first(); n < range.end(); n++) {
      if (isMissing(n)) {
        int end = queue.runEnd(n, range.end(), atMost, this::isMissing);
        result.add(takeOff(ChunkRange.between(n, end), lane));
      }
    }
    return result;
  }

  private Flight takeOff(ChunkRange range, Lane lane) {
    var flight = new Flight(range, lane, lock.newCondition());
    for (int n = range.first(); n < range.end(); n++) {
      flights.put(n, flight);
    }
    return flight;
  }

  /** Starts what may run: readers' flights first. */
  private void pump() {
    while (!closed && running < policy.maxFetches()) {
      Flight next = readers.poll();
      if (next == null) {
        IntPredicate missing = this::isMissing;
        Optional<ChunkRange> range =
            runningInBackground < policy.maxBackgroundFetches()
                    && !queue.isEmpty()
                    && mayFetchAhead()
                ? queue.next(missing)
                : Optional.empty();
        if (range.isEmpty()) {
          return;
        }
        next = takeOff(range.get(), Lane.BACKGROUND);
      }
      start(next);
    }
  }

  private void start(Flight flight) {
    count(flight, 1);
    boolean started = false;
    try {
      crew.startComputing("fetch", () -> fly(flight));
      started = true;
    } finally {
      if (!started) { // no thread to be had: nobody may wait for it
        count(flight, -1);
        end(flight, Optional.of(closing(flight.range.first())));
      }
    }
  }

  private void count(Flight flight, int change) {
    switch (flight.lane) {
      case READER -> running += change;
      case BACKGROUND -> {
        running += change;
        runningInBackground += change;
      }
      case SURE -> {}
    }
  }

  private void fly(Flight flight) {
    int first = flight.range.first();
    Optional<ChunkFillException> failure =
        Optional.of(new ChunkFillException(index.diffId(), first, "the fetch broke off"));
    try {
      new ChunkFetch(fetching, flight.range, new ToFile(flight), flight.turn).run();
      failure = Optional.empty();
    } catch (ChunkFillException e) {
      failure = Optional.of(e);
    } catch (IOException e) {
      failure = Optional.of(new ChunkFillException(index.diffId(), first, e));
    } catch (InterruptedException e) {
      failure = Optional.of(closing(first)); // nobody else interrupts, and the thread ends here
    } finally {
      land(flight, failure);
    }
  }

  private void land(Flight flight, Optional<ChunkFillException> failure) {
    lock.lock();
    try {
      count(flight, -1);
      end(flight, failure);
      pump();
    } finally {
      lock.unlock();
    }
  }

  private void end(Flight flight, Optional<ChunkFillException> failure) {
    for (int n = flight.range.first(); n < flight.range.end(); n++) {
      flights.remove(n);
    }
    flight.failure = failure;
    flight.ended = true;
    flight.landed.signalAll();
  }

  /** Puts a flight's chunks into the file, and wakes those who wait for them. */
  private final class ToFile implements ChunkFetch.Landing {
    private final Flight flight;

    ToFile(Flight flight) {
      this.flight = flight;
    }

    @Override
    public boolean reproved(int chunk, byte[] buffer) throws IOException, InterruptedException {
      return told(contents.reprove(chunk, buffer));
    }

    @Override
    public void land(int chunk, byte[] plain) throws IOException, InterruptedException {
      told(contents.put(chunk, plain));
    }

    private boolean told(LazyContents.Outcome outcome) {
      if (outcome == LazyContents.Outcome.ABSENT) {
        return false;
      }
      lock.lock();
      try {
        flight.landed.signalAll();
        if (outcome == LazyContents.Outcome.WHOLE) {
          wholeOrClosed.signalAll();
        }
      } finally {
        lock.unlock();
      }
      if (outcome == LazyContents.Outcome.WHOLE) {
        whenWhole.run();
      }
      return true;
    }
  }

  /**
   * Ends the fetches and waits, a bounded time, until none uses the file; those who wait for chunks
   * get an error. Idempotent.
   */
  @Override
  public void close() {
    contents.close();
    lock.lock();
    try {
      closed = true;
      queue.clear();
      for (Flight flight = readers.poll(); flight != null; flight = readers.poll()) {
        end(flight, Optional.of(closing(flight.range.first())));
      }
      wholeOrClosed.signalAll();
    } finally {
      lock.unlock();
    }
    crew.close();
  }
}
