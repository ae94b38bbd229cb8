package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.image.distribution.RegistryContent;
import dev.nacelle.image.distribution.RepositoryName;
import dev.nacelle.image.distribution.TraceRules;
import dev.nacelle.image.stream.StartCheck;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Traces and start packs, pushed by hosts that may pull an image and may not say what is in it. One
 * is read after the other: the head of a pack may be large. Safe for any thread.
 */
public final class PushedTraces implements TraceRules {
  private final InstantSource clock;
  private final ReentrantLock reading = new ReentrantLock();

  public PushedTraces(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public boolean isTrace(String artifactType) {
    return StartCheck.isStart(artifactType);
  }

  @Override
  public long mostBlobBytes() {
    return StartCheck.MOST_BLOB_BYTES;
  }

  @Override
  public Optional<String> objection(
      RegistryContent content, RepositoryName repository, Bytes manifest) throws IOException {
    reading.lock();
    try {
      var place = new BuiltInPlace(content, repository);
      String subject = JsonReader.readObject(manifest).string("subject", "digest").orElse("");
      return new StartCheck(place.forms(subject), place::blob, clock.instant()).objection(manifest);
    } finally {
      reading.unlock();
    }
  }
}
