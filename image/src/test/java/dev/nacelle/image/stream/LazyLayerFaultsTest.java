package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sources that lie, fail, stall or vanish: another one is used, or nothing becomes visible. */
final class LazyLayerFaultsTest {
  private static final int CHUNKS = 14;
  private static final Duration SHORT = Duration.ofMillis(20);

  @TempDir Path directory;
  private SampleStream sample;

  @BeforeEach
  void convert() throws Exception {
    sample = SampleStream.make(directory, CHUNKS);
  }

  private LazyLayerFixture fixture(FetchPolicy policy, ChunkSource... sources) throws IOException {
    return new LazyLayerFixture(sample, directory.resolve("lazy"), policy, sources);
  }

  /** Ways to be wrong, each of which must be noticed and named. */
  enum Fault {
    FLIPS_A_BIT("wrong bytes|unpack"),
    GIVES_ANOTHER_CHUNK("in place of|wrong bytes|unpack"),
    GIVES_ZEROS("wrong bytes|unpack"),
    GIVES_SHORT_CHUNKS("in place of"),
    GIVES_TOO_FEW("in place of"),
    GIVES_NOTHING("got 0 chunks"),
    FAILS("gone away"),
    IS_BROKEN("IllegalStateException|broken"),
    NEVER_ANSWERS("no answer within");

    private final String told;

    Fault(String told) {
      this.told = told;
    }
  }

  private ScriptedSource faulty(Fault fault) {
    FileChunkSource file = ScriptedSource.file(sample);
    ScriptedSource.Behaviour behaviour =
        switch (fault) {
          case FLIPS_A_BIT -> range -> changed(file.fetch(range), this::flipped);
          case GIVES_ANOTHER_CHUNK ->
              range -> file.fetch(new ChunkRange(Math.max(0, range.first() - 3), range.count()));
          case GIVES_ZEROS ->
              range -> changed(file.fetch(range), b -> ByteBuffer.allocate(b.remaining()));
          case GIVES_SHORT_CHUNKS ->
              range -> changed(file.fetch(range), b -> b.slice(0, b.remaining() / 2));
          case GIVES_TOO_FEW ->
              range -> {
                List<ByteBuffer> all = file.fetch(range);
                return all.subList(0, all.size() - 1);
              };
          case GIVES_NOTHING -> range -> List.of();
          case FAILS -> ScriptedSource.failing("faulty")::fetch;
          case IS_BROKEN ->
              range -> {
                throw new IllegalStateException("broken");
              };
          case NEVER_ANSWERS -> ScriptedSource.silent("faulty")::fetch;
        };
    return new ScriptedSource("faulty", behaviour);
  }

  private ByteBuffer flipped(ByteBuffer stored) {
    if (stored.hasRemaining()) {
      int at = new Random(stored.remaining()).nextInt(stored.remaining());
      stored.put(at, (byte) (stored.get(at) ^ 4));
    }
    return stored;
  }

  private static List<ByteBuffer> changed(
      List<ByteBuffer> chunks, java.util.function.UnaryOperator<ByteBuffer> change) {
    return chunks.stream().map(change).toList();
  }

  @ParameterizedTest
  @EnumSource
  void aFaultySourceIsPassedOverAndCounted(Fault fault) throws Exception {
    FetchPolicy policy = LazyLayerFixture.policy(LazyLayerFixture.LONG, SHORT, 3);
    if (fault != Fault.NEVER_ANSWERS) {
      policy = LazyLayerFixture.PATIENT;
    }
    ScriptedSource bad = faulty(fault);
    try (var fixture = fixture(policy, bad, ScriptedSource.honest(sample))) {
      fixture.fillAll();
      fixture.assertWhole();
      FillCounters.Source counted = fixture.layer.counters().sources().getFirst();
      assertThat(counted.name()).isEqualTo("faulty");
      assertThat(counted.failures()).isPositive();
      boolean lied = fault.ordinal() < Fault.FAILS.ordinal();
      assertThat(counted.wrongChunks() > 0).isEqualTo(lied);
      assertThat(counted.timeouts() > 0).isEqualTo(fault == Fault.NEVER_ANSWERS);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aloneItMakesTheFillFailByNameAndNothingVisible(Fault fault) throws Exception {
    FetchPolicy policy = LazyLayerFixture.policy(LazyLayerFixture.LONG, SHORT, 2);
    if (fault != Fault.NEVER_ANSWERS) {
      policy = LazyLayerFixture.policy(LazyLayerFixture.LONG, LazyLayerFixture.LONG, 2);
    }
    ScriptedSource bad = faulty(fault);
    try (var fixture = fixture(policy, bad)) {
      assertThatThrownBy(() -> fixture.layer.fill(6L * VerityTree.CHUNK_BYTES, 1 << 20))
          .isInstanceOfSatisfying(
              ChunkFillException.class,
              e -> {
                assertThat(e.diffId()).isEqualTo(SampleStream.DIFF_ID);
                assertThat(e.chunk()).isBetween(6, 7);
              })
          .hasMessageContaining("chunk")
          .hasMessageContaining("faulty: ")
          .hasMessageMatching("(?s).*(" + fault.told + ").*");
      assertThat(bad.asked).as("each round once").hasSize(2);
      int missing = fixture.isPresent(6) ? 7 : 6;
      assertThat(fixture.isPresent(missing)).isFalse();
      assertThat(fixture.inFile(missing).unsafeArray()).containsOnly(0);
    }
  }

  @Test
  void aSlowSourceIsHedgedByTheNext() throws Exception {
    FetchPolicy policy = LazyLayerFixture.policy(SHORT, LazyLayerFixture.LONG, 1);
    ScriptedSource slow = ScriptedSource.silent("slow");
    ScriptedSource honest = ScriptedSource.honest(sample);
    try (var fixture = fixture(policy, slow, honest)) {
      fixture.fill(4);
      assertThat(fixture.inFile(4)).isEqualTo(sample.chunk(4));
      List<FillCounters.Source> counted = fixture.layer.counters().sources();
      assertThat(counted.getFirst().failures()).isZero();
      assertThat(counted.getLast().hedges()).isEqualTo(1);
    }
  }

  @Test
  void ofASourceThatLiesNowAndThenTheRightChunksAreKept() throws Exception {
    FileChunkSource file = ScriptedSource.file(sample);
    var lies =
        new ScriptedSource(
            "lies",
            range -> {
              List<ByteBuffer> all = new ArrayList<>(file.fetch(range));
              if (range.contains(1)) {
                all.set(1 - range.first(), flipped(all.get(1 - range.first())));
              }
              return all;
            });
    ScriptedSource honest = ScriptedSource.honest(sample);
    try (var fixture = fixture(LazyLayerFixture.PATIENT, lies, honest)) {
      fixture.layer.fill(0, 4L * VerityTree.CHUNK_BYTES);
      assertThat(honest.asked).containsExactly(new ChunkRange(1, 1));
      assertThat(fixture.layer.counters().sources().getFirst().wrongChunks()).isEqualTo(1);
    }
  }

  @Test
  void aSourceThatVanishesIsNotAskedFirstAgain() throws Exception {
    var left = new AtomicInteger(1);
    FileChunkSource file = ScriptedSource.file(sample);
    var vanishing =
        new ScriptedSource(
            "vanishing",
            range -> {
              if (left.getAndDecrement() <= 0) {
                throw new IOException("connection refused");
              }
              return file.fetch(range);
            });
    ScriptedSource honest = ScriptedSource.honest(sample);
    try (var fixture = fixture(LazyLayerFixture.PATIENT, vanishing, honest)) {
      fixture.fill(0);
      fixture.fill(4);
      fixture.fill(9);
      fixture.fill(12);
      assertThat(vanishing.asked).hasSize(2);
      assertThat(honest.asked).hasSize(3);
    }
  }

  @Test
  void sourcesThatComeBackAreAskedAgain() throws Exception {
    var failures = new AtomicInteger(2);
    FileChunkSource file = ScriptedSource.file(sample);
    var recovering =
        new ScriptedSource(
            "recovering",
            range -> {
              if (failures.getAndDecrement() > 0) {
                throw new IOException("503");
              }
              return file.fetch(range);
            });
    try (var fixture = fixture(LazyLayerFixture.PATIENT, recovering)) {
      fixture.fill(1);
      assertThat(fixture.inFile(1)).isEqualTo(sample.chunk(1));
      assertThat(recovering.asked).hasSize(3);
    }
  }

  @Test
  void aFailedFillMayBeTriedAgain() throws Exception {
    FetchPolicy once = LazyLayerFixture.policy(LazyLayerFixture.LONG, LazyLayerFixture.LONG, 1);
    var failures = new AtomicInteger(1);
    FileChunkSource file = ScriptedSource.file(sample);
    var source =
        new ScriptedSource(
            "source",
            range -> {
              if (failures.getAndDecrement() > 0) {
                throw new IOException("503");
              }
              return file.fetch(range);
            });
    try (var fixture = fixture(once, source)) {
      assertThatThrownBy(() -> fixture.fill(1)).hasMessageContaining("source: 503");
      fixture.fill(1);
      assertThat(fixture.isPresent(1)).isTrue();
    }
  }

  @Test
  void aFullDiskFailsTheFillAndIsNoFaultOfTheSource() throws Exception {
    try (var fixture = fixture(LazyLayerFixture.PATIENT)) {
      BlobFile full =
          new BlobFile() {
            @Override
            public void write(long offset, ByteBuffer bytes) throws IOException {
              throw new IOException("No space left on device");
            }

            @Override
            public void read(long offset, ByteBuffer into) {}
          };
      var files = new LazyLayerFiles(Files.createDirectory(directory.resolve("full")));
      files.create(sample.index(), "boot");
      ScriptedSource honest = ScriptedSource.honest(sample);
      var settings =
          new LazyLayerSettings(
              List.of(honest), LazyLayerFixture.PATIENT, InstantSource.system(), "boot", () -> {});
      try (LazyLayer layer = LazyLayer.open(sample.index(), files, full, settings)) {
        assertThatThrownBy(() -> layer.fill(0, 1))
            .isInstanceOf(ChunkFillException.class)
            .hasMessageContaining("No space left");
        assertThat(layer.counters().sources().getFirst().failures()).isZero();
        assertThat(layer.counters().presentChunks()).isZero();
      }
    }
  }
}
