package dev.nacelle.bench.lazy;

import dev.nacelle.image.stream.ChunkRange;
import dev.nacelle.image.stream.ChunkSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A source whose answers come a round trip later. */
final class FarSource implements ChunkSource {
  private final ChunkSource near;
  private final Duration away;
  private final AtomicInteger requests = new AtomicInteger();

  FarSource(ChunkSource near, Duration away) {
    this.near = near;
    this.away = away;
  }

  int requests() {
    return requests.get();
  }

  @Override
  public String name() {
    return near.name() + ", " + away.toMillis() + " ms away";
  }

  @Override
  public List<ByteBuffer> fetch(ChunkRange range) throws IOException, InterruptedException {
    requests.incrementAndGet();
    Thread.sleep(away);
    return near.fetch(range);
  }
}
