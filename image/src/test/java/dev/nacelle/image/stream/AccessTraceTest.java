package dev.nacelle.image.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.layer.Sha256;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** A trace is what it says it is, or it is refused; several are united as promised. */
final class AccessTraceTest {

  static AccessTrace.Layer layer(int number) {
    byte[] hash = new byte[32];
    Arrays.fill(hash, (byte) number);
    return new AccessTrace.Layer("sha256:" + HexFormat.of().formatHex(hash), Bytes.wrap(hash));
  }

  /** Of the first layer, one a millisecond. */
  static AccessTrace trace(int... chunks) {
    var accesses = new ArrayList<AccessTrace.Access>();
    for (int chunk : chunks) {
      accesses.add(new AccessTrace.Access(0, chunk, accesses.size() * 1000L));
    }
    return new AccessTrace(List.of(layer(0)), accesses);
  }

  private static List<Integer> chunks(AccessTrace trace) {
    return trace.accesses().stream().map(AccessTrace.Access::chunk).toList();
  }

  private static AccessTrace random(long seed, int layerCount, int most) {
    var random = new Random(seed);
    var layers = new ArrayList<AccessTrace.Layer>();
    for (int i = 0; i < layerCount; i++) {
      layers.add(layer(i));
    }
    var accesses = new ArrayList<AccessTrace.Access>();
    var seen = new HashSet<Long>();
    long micros = 0;
    for (int i = 0; i < most && layerCount > 0; i++) {
      int layer = random.nextInt(layerCount);
      int chunk = random.nextInt(random.nextBoolean() ? 40 : 1 << 19);
      if (seen.add((long) layer << 32 | chunk)) {
        accesses.add(new AccessTrace.Access(layer, chunk, micros));
      }
      micros += random.nextInt(random.nextBoolean() ? 50 : 100_000);
    }
    return new AccessTrace(layers, accesses);
  }

  @Property(tries = 200)
  void aTraceComesBackAsItWas(
      @ForAll long seed,
      @ForAll @IntRange(max = 20) int layers,
      @ForAll @IntRange(max = 300) int accesses)
      throws Exception {
    AccessTrace trace = random(seed, layers, accesses);
    assertThat(AccessTrace.parse(trace.toBytes())).isEqualTo(trace);
  }

  @Property(tries = 300)
  void anyChangedBitIsNoticed(@ForAll long seed, @ForAll @IntRange(min = 0) int bit) {
    byte[] bytes = random(seed, 3, 50).toBytes().toByteArray();
    int at = bit % (bytes.length * 8);
    bytes[at / 8] ^= (byte) (1 << at % 8);
    assertRefused(bytes);
  }

  @Property(tries = 1000)
  void aSealedForgeryIsEitherRefusedOrInItsOneForm(
      @ForAll long seed,
      @ForAll @IntRange(min = 8, max = 400) int at,
      @ForAll @Size(min = 1, max = 12) byte[] forged)
      throws Exception {
    byte[] bytes = random(seed, 3, 80).toBytes().toByteArray();
    int from = Math.min(at, bytes.length - 33);
    System.arraycopy(forged, 0, bytes, from, Math.min(forged.length, bytes.length - 32 - from));
    Bytes sealed = Bytes.wrap(seal(bytes));
    try {
      assertThat(AccessTrace.parse(sealed).toBytes()).isEqualTo(sealed);
    } catch (StreamFormatException e) {
      assertThat(e).hasMessageStartingWith("cannot read access trace: ");
    }
  }

  @Property(tries = 500)
  void noiseIsRefused(@ForAll @Size(max = 1000) byte[] noise) {
    assertRefused(noise);
    byte[] dressed = Arrays.copyOf("NACTRACE\u0001".getBytes(), 9 + noise.length + 32);
    System.arraycopy(noise, 0, dressed, 9, noise.length);
    dressed[9] |= 0x08; // eight layers or more, for which there is no room in short noise
    if (noise.length < 8 * 64) {
      assertRefused(seal(dressed));
    }
  }

  @Test
  void aLaterVersionSaysSo() {
    byte[] bytes = trace(1).toBytes().toByteArray();
    bytes[8] = 2;
    assertThatThrownBy(() -> AccessTrace.parse(Bytes.wrap(seal(bytes))))
        .hasMessageContaining("version 2");
  }

  @Test
  void theLargestTraceStaysInItsBound() throws Exception {
    var accesses = new ArrayList<AccessTrace.Access>();
    for (int i = 0; i < AccessTrace.MOST_ACCESSES; i++) {
      int chunk = i % 2 == 0 ? i : (1 << 19) - 1 - i;
      accesses.add(new AccessTrace.Access(i % 2, chunk, i * 50_000L));
    }
    var trace = new AccessTrace(List.of(layer(0), layer(1)), accesses);
    Bytes bytes = trace.toBytes();
    assertThat(bytes.sizeBytes()).isLessThan(AccessTraceFormat.MAX_BYTES);
    assertThat(AccessTrace.parse(bytes)).isEqualTo(trace);
    accesses.add(new AccessTrace.Access(0, 1, AccessTrace.MOST_MICROS));
    assertThatThrownBy(() -> new AccessTrace(trace.layers(), accesses))
        .hasMessageContaining("65537 accesses");
  }

  @Test
  void aChunkTwiceOrOutOfOrderIsNoTrace() {
    assertThatThrownBy(() -> trace(4, 4)).hasMessageContaining("twice");
    var late = new AccessTrace.Access(0, 1, 10);
    var early = new AccessTrace.Access(0, 2, 9);
    assertThatThrownBy(() -> new AccessTrace(List.of(layer(0)), List.of(late, early)))
        .hasMessageContaining("before");
    assertThatThrownBy(() -> new AccessTrace(List.of(), List.of(early)))
        .hasMessageContaining("no layer");
  }

  @Test
  void unitedTracesGoByTheMeanPlace() {
    AccessTrace united = AccessTrace.merge(List.of(trace(1, 2, 3), trace(2, 3, 1)));
    assertThat(chunks(united)).containsExactly(2, 1, 3); // places 0.5, 1, 1.5
    assertThat(AccessTrace.merge(List.of(trace(5, 4)))).isEqualTo(trace(5, 4));
  }

  @Test
  void whatOneOfManyRunsNeededComesLast() {
    AccessTrace united = AccessTrace.merge(List.of(trace(9, 1, 2), trace(1, 2, 3), trace(1, 2, 3)));
    assertThat(chunks(united)).containsExactly(1, 2, 3, 9);
  }

  @Test
  void layersOfTheSameNameWithAnotherRootAreKeptApart() {
    var other = new AccessTrace.Layer(layer(0).diffId(), layer(7).root());
    var second = new AccessTrace(List.of(other), List.of(new AccessTrace.Access(0, 1, 0)));
    AccessTrace united = AccessTrace.merge(List.of(trace(1), second));
    assertThat(united.layers()).containsExactly(layer(0), other);
    assertThat(united.accesses()).hasSize(2);
  }

  @Test
  void aLaterRunAddsOnlyWhatWasMissing() {
    AccessTrace more = trace(1, 2).extendedBy(trace(7, 2, 8));
    assertThat(chunks(more)).containsExactly(1, 2, 7, 8);
    assertThat(more.accesses().getLast().micros()).isEqualTo(3000);
  }

  /** Puts the right sha256 at the end. */
  private static byte[] seal(byte[] bytes) {
    var digest = Sha256.newDigest();
    digest.update(bytes, 0, bytes.length - 32);
    byte[] result = Arrays.copyOf(bytes, bytes.length);
    System.arraycopy(digest.digest(), 0, result, bytes.length - 32, 32);
    return result;
  }

  private static void assertRefused(byte[] bytes) {
    assertThatThrownBy(() -> AccessTrace.parse(Bytes.wrap(bytes)))
        .isInstanceOf(StreamFormatException.class)
        .hasMessageStartingWith("cannot read access trace: ");
  }
}
