package dev.nacelle.image.stream;

import dev.nacelle.base.task.DurationText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * Gets a range of chunks: from the sources in their order, a second one beside the first when that
 * is slow, all of them again after a wait when all have failed. Every chunk is proved before it
 * lands; the right ones of a source that also gave wrong ones are kept. For one thread, on which
 * all chunks land.
 */
final class ChunkFetch {
  private static final int MOST_AT_ONCE = 2;

  /** After so many rounds in which all sources answered, and wrongly, patience does not help. */
  private static final int MOST_WRONG = 5;

  /** Takes proved chunks. */
  interface Landing {
    /** Whether the chunk is here from before the boot and has been proved again, and landed. */
    boolean reproved(int chunk, byte[] buffer) throws IOException, InterruptedException;

    void land(int chunk, byte[] plain) throws IOException, InterruptedException;
  }

  /** A request to one source. */
  private static final class Attempt {
    private final RankedSource source;
    private final ChunkRange span;
    private final long startedNanos = System.nanoTime();
    private volatile Thread thread = Thread.currentThread();

    Attempt(RankedSource source, ChunkRange span) {
      this.source = source;
      this.span = span;
    }
  }

  private sealed interface Answer {
    Attempt attempt();

    record Got(Attempt attempt, List<ByteBuffer> chunks) implements Answer {}

    record Failed(Attempt attempt, Exception why) implements Answer {}
  }

  private final LazyLayer.Fetching shared;
  private final ChunkRange range;
  private final Landing landing;
  private final Turns.Turn turn;
  private final BitSet missing = new BitSet();

  /** In this round no source was out of reach. */
  private boolean isAnsweredOnly;

  /** The last failure of each source. */
  private final Map<String, String> failures = new LinkedHashMap<>();

  ChunkFetch(LazyLayer.Fetching shared, ChunkRange range, Landing landing, Turns.Turn turn) {
    this.turn = turn;
    this.shared = shared;
    this.range = range;
    this.landing = landing;
  }

  /**
   * Returns when all chunks have landed.
   *
   * @throws ChunkFillException if a chunk cannot be had; those before it may have landed
   * @throws IOException if landing failed
   */
  void run() throws IOException, InterruptedException {
    missing.set(range.first(), range.end());
    landWhatIsHere();
    long begin = System.nanoTime();
    int wrongRounds = 0;
    for (int round = 0; !missing.isEmpty(); round++) {
      boolean late = System.nanoTime() - begin > shared.policy().patience().toNanos();
      if (round == shared.policy().rounds() || round > 0 && late || wrongRounds == MOST_WRONG) {
        throw failure();
      }
      if (round > 0) {
        Thread.sleep(shared.policy().backoff().delayAfter(round, RandomGenerator.getDefault()));
      }
      isAnsweredOnly = true;
      askEach();
      wrongRounds += isAnsweredOnly ? 1 : 0;
    }
  }

  private void landWhatIsHere() throws IOException, InterruptedException {
    byte[] plain = PlainBuffers.take();
    try {
      for (int n = range.first(); n < range.end(); n++) {
        if (landing.reproved(n, plain)) {
          missing.clear(n);
        } else if (shared.index().encoding(n) == StreamIndex.Encoding.ZEROS) {
          java.util.Arrays.fill(plain, (byte) 0);
          landing.land(n, plain);
          missing.clear(n);
        }
      }
    } finally {
      PlainBuffers.giveBack(plain);
    }
  }

  private ChunkFillException failure() {
    String why =
        failures.isEmpty() ? "there is no source; try another host" : String.join("; ", told());
    return new ChunkFillException(shared.index().diffId(), missing.nextSetBit(0), why);
  }

  private List<String> told() {
    return failures.entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).toList();
  }

  /** Asks one source after the other until all is here or none is left. */
  private void askEach() throws IOException, InterruptedException {
    Deque<RankedSource> left = new ArrayDeque<>(shared.sources().order(wanted()));
    var answers = new LinkedBlockingQueue<Answer>(); // one a source at most
    var open = new ArrayList<Attempt>();
    try {
      while (!missing.isEmpty()) {
        if (open.isEmpty()) {
          if (left.isEmpty()) {
            return;
          }
          open.add(ask(left.remove(), answers));
        }
        boolean mayHedge = !left.isEmpty() && open.size() < MOST_AT_ONCE;
        Answer answer = answers.poll(patience(open, mayHedge), TimeUnit.NANOSECONDS);
        if (answer != null) {
          if (open.remove(answer.attempt())) {
            take(answer);
          }
        } else if (!expire(open) && mayHedge) {
          left.element().askedAsHedge();
          open.add(ask(left.remove(), answers));
        }
      }
    } finally {
      open.forEach(attempt -> attempt.thread.interrupt());
    }
  }

  private ChunkRange wanted() {
    return ChunkRange.between(missing.nextSetBit(0), missing.length());
  }

  private Attempt ask(RankedSource source, BlockingQueue<Answer> answers) {
    var attempt = new Attempt(source, wanted());
    source.asked();
    attempt.thread = shared.crew().startWaiting("source", () -> answers.add(fetch(attempt)));
    return attempt;
  }

  private static Answer fetch(Attempt attempt) {
    try {
      return new Answer.Got(attempt, attempt.source.source().fetch(attempt.span));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Answer.Failed(attempt, e);
    } catch (IOException | RuntimeException e) {
      return new Answer.Failed(attempt, e);
    }
  }

  /** How long to wait for an answer, in nanoseconds. */
  private long patience(List<Attempt> open, boolean mayHedge) {
    long now = System.nanoTime();
    long left = Long.MAX_VALUE;
    for (Attempt attempt : open) {
      left = Math.min(left, attemptNanos() - (now - attempt.startedNanos));
    }
    if (mayHedge) {
      Duration usual = shared.policy().hedgeAfter();
      Duration hedge = open.getFirst().source.source().hedgeAfter(usual);
      left = Math.min(left, hedge.toNanos());
    }
    return Math.max(0, left);
  }

  private long attemptNanos() {
    return shared.policy().attemptTimeout().toNanos();
  }

  /** Gives up the attempts that have taken too long; whether there were any. */
  private boolean expire(List<Attempt> open) {
    long now = System.nanoTime();
    var late = open.stream().filter(a -> now - a.startedNanos >= attemptNanos()).toList();
    for (Attempt attempt : late) {
      attempt.thread.interrupt();
      attempt.source.timedOut();
      isAnsweredOnly = false;
      failed(attempt, "no answer within " + DurationText.of(shared.policy().attemptTimeout()));
    }
    open.removeAll(late);
    return !late.isEmpty();
  }

  private void failed(Attempt attempt, String why) {
    attempt.source.failed(shared.clock(), shared.policy().penalty());
    failures.put(attempt.source.source().name(), why);
  }

  private void take(Answer answer) throws IOException, InterruptedException {
    switch (answer) {
      case Answer.Got(var attempt, var chunks) -> take(attempt, chunks);
      case Answer.Failed(var attempt, ChunkAbsentException absent) ->
          failures.put(attempt.source.source().name(), "" + absent.getMessage());
      case Answer.Failed(var attempt, var why) -> {
        isAnsweredOnly = false;
        failed(
            attempt, why.getMessage() == null ? why.getClass().getSimpleName() : why.getMessage());
      }
    }
  }

  private void take(Attempt attempt, List<ByteBuffer> chunks)
      throws IOException, InterruptedException {
    RankedSource source = attempt.source;
    source.arrived(chunks.stream().mapToLong(ByteBuffer::remaining).sum());
    if (chunks.size() != attempt.span.count()) {
      String what = "got " + chunks.size() + " chunks in place of " + attempt.span.count();
      source.wrong();
      source.source().gaveWrong(what);
      failed(attempt, what);
      return;
    }
    String firstFault = "";
    for (int i = 0; i < chunks.size(); i++) {
      int chunk = attempt.span.first() + i;
      if (!missing.get(chunk)) {
        continue;
      }
      String fault = landed(source.source().form(), chunk, chunks.get(i));
      if (fault.isEmpty()) {
        missing.clear(chunk);
        source.used();
      } else {
        source.wrong();
        source.source().gaveWrong(fault);
        firstFault = firstFault.isEmpty() ? fault : firstFault;
      }
    }
    if (firstFault.isEmpty()) {
      source.succeeded(attempt.startedNanos);
    } else {
      failed(attempt, firstFault);
    }
  }

  /** What is wrong with the bytes; if nothing is, they have landed. */
  private String landed(ChunkSource.Form form, int chunk, ByteBuffer given)
      throws IOException, InterruptedException {
    turn.begin();
    byte[] plain = PlainBuffers.take();
    try {
      String fault = fault(form, chunk, given, plain);
      if (fault.isEmpty()) {
        landing.land(chunk, plain);
      }
      return fault;
    } finally {
      PlainBuffers.giveBack(plain);
      turn.end();
    }
  }

  /** What is wrong with the bytes; if nothing is, they are unpacked in {@code plain}. */
  private String fault(ChunkSource.Form form, int chunk, ByteBuffer given, byte[] plain) {
    try {
      StoredChunk.open(shared.index(), form, chunk, given, plain);
      return "";
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
