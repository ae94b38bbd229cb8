package dev.nacelle.image.stream;

import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.ReferrerPlace;
import dev.nacelle.image.registry.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Lays what a run needed beside its image: the trace, united with the one that is there, and the
 * start pack made of it. Every publication leaves the older ones in the registry, so that one that
 * would add little is left out.
 */
public final class StartPublication {
  /** Fewer new chunks than one in so many of the known ones are not worth a publication. */
  private static final int WORTH = 20;

  /** What the run could see. */
  public enum Run {
    /** Nothing was here, and nothing was fetched beforehand: all that it needed. */
    COLD,
    /** Only what was missing. */
    PREPARED
  }

  private final Repository repository;
  private final ReferrerPlace place;
  private final Path temporary;

  /**
   * @param repository of the image
   * @param place the same, to write to
   * @param temporary directory in which a pack is made
   */
  public StartPublication(Repository repository, ReferrerPlace place, Path temporary) {
    this.repository = repository;
    this.place = place;
    this.temporary = temporary;
  }

  /**
   * Publishes a trace, and a pack where the image has a streaming form.
   *
   * @param subject the image's own manifest
   * @return what is beside the image now; empty if it would have added too little
   */
  public Optional<AccessTrace> publish(
      Descriptor subject, AccessTrace seen, Run run, Instant created)
      throws IOException, InterruptedException {
    Optional<AccessTrace> known = TraceReferrer.find(repository, subject.digest());
    AccessTrace united =
        known.isEmpty()
            ? seen
            : switch (run) {
              case COLD -> AccessTrace.merge(List.of(known.get(), seen));
              case PREPARED -> known.get().extendedBy(seen);
            };
    int before = known.map(t -> t.accesses().size()).orElse(0);
    int added = united.accesses().size() - before;
    if (added == 0 || added < before / WORTH) {
      return Optional.empty();
    }
    publishPack(subject, united, created);
    TraceReferrer.publish(place, subject, united, created);
    return Optional.of(united);
  }

  /**
   * Publishes a pack of what is known of an image: without a trace one that opens it faster.
   *
   * @return whether there is one now; there is none without a streaming form
   */
  public boolean publishPack(Descriptor subject, AccessTrace trace, Instant created)
      throws IOException, InterruptedException {
    Optional<StreamReferrer> form = StreamReferrer.find(repository, subject.digest());
    if (form.isEmpty()) {
      return false;
    }
    var layers = new ArrayList<StartPackWriter.Layer>();
    for (StreamReferrer.Layer layer : form.get().layers()) {
      layers.add(StartPackWriter.Layer.of(repository, layer));
    }
    Path directory = Files.createTempDirectory(temporary, "start-pack-");
    Path file = directory.resolve("pack");
    try {
      var pack = StartPackWriter.write(layers, trace, file);
      if (pack.isPresent()) {
        StartReferrer.publish(place, subject, pack.get(), created);
      }
      return pack.isPresent();
    } finally {
      Files.deleteIfExists(file);
      Files.delete(directory);
    }
  }
}
