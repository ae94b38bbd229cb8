package dev.nacelle.image.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;

/** A source that behaves as a test says, and remembers what it was asked for. */
final class ScriptedSource implements ChunkSource {
  /** What it does with a request. */
  @FunctionalInterface
  interface Behaviour {
    List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException;
  }

  private final String name;
  private final Behaviour behaviour;
  final Queue<ChunkRange> asked = new ConcurrentLinkedQueue<>();

  ScriptedSource(String name, Behaviour behaviour) {
    this.name = name;
    this.behaviour = behaviour;
  }

  static ScriptedSource honest(SampleStream sample) {
    return new ScriptedSource("honest", file(sample)::fetch);
  }

  static FileChunkSource file(SampleStream sample) {
    return new FileChunkSource(sample.index(), sample.form().chunkBlob().file());
  }

  /** Answers rightly once the latch is open. */
  static ScriptedSource gated(SampleStream sample, CountDownLatch gate) {
    return new ScriptedSource(
        "gated",
        range -> {
          gate.await();
          return file(sample).fetch(range);
        });
  }

  static ScriptedSource failing(String name) {
    return new ScriptedSource(
        name,
        range -> {
          throw new IOException("gone away");
        });
  }

  /** Never answers, but can be interrupted. */
  static ScriptedSource silent(String name) {
    return new ScriptedSource(
        name,
        range -> {
          new CountDownLatch(1).await();
          throw new IllegalStateException();
        });
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException {
    asked.add(range);
    return behaviour.fetch(range);
  }

  /** How often each chunk was asked for. */
  int timesAsked(int chunk) {
    return (int) asked.stream().filter(r -> r.contains(chunk)).count();
  }
}
