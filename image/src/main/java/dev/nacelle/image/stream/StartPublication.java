package dev.nacelle.image.stream;

import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.ReferrerPlace;
import dev.nacelle.image.registry.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Lays what a run needed beside its image: the trace, united with the one that is there, and the
 * start pack made of it. What was there before is taken away then. A registry that deletes nothing
 * keeps the older ones, so that one that would add little to many runs is left out, and the number
 * is bounded.
 */
public final class StartPublication {
  /** Fewer new chunks than one in so many of the known ones are not worth a publication. */
  private static final int WORTH = 20;

  /** What these miss is added however little it is: each later start would wait for it. */
  static final int FEW_RUNS = 5;

  /** With so many traces that could not be taken away, no more are published. */
  static final int MOST_LEFT = 16;

  private static final AccessTrace NOTHING = new AccessTrace(List.of(), List.of());

  /** What the run could see. */
  public enum Run {
    /** Nothing was here, and nothing was fetched beforehand: all that it needed. */
    COLD,
    /** Only what was missing. */
    PREPARED,
    /** All that it needed, and what is known shall not count any more. */
    ANEW
  }

  private final Repository repository;
  private final ReferrerPlace place;
  private final Path temporary;
  private final String host;

  /**
   * @param repository of the image
   * @param place the same, to write to
   * @param temporary directory in which a pack is made
   * @param host who publishes, for people; may be empty
   */
  public StartPublication(Repository repository, ReferrerPlace place, Path temporary, String host) {
    this.repository = repository;
    this.place = place;
    this.temporary = temporary;
    this.host = host;
  }

  /**
   * Publishes a trace, and a pack where the image has a streaming form; then takes away those that
   * were there before. Two hosts that do so at once leave two traces, of which the next publication
   * takes both away.
   *
   * @param subject the image's own manifest
   * @return what is beside the image now; empty if it would have added too little, or the registry
   *     keeps too many older ones
   */
  public Optional<AccessTrace> publish(
      Descriptor subject, AccessTrace seen, Run run, Instant created)
      throws IOException, InterruptedException {
    List<Referrer> before = repository.referrers(subject.digest());
    Optional<TraceReferrer.Listed> newest =
        TraceReferrer.newestListed(repository, subject.digest(), before);
    Optional<AccessTrace> known = newest.map(TraceReferrer.Listed::trace);
    int runs = newest.map(n -> TraceReferrer.runs(n.referrer())).orElse(0);
    AccessTrace united =
        known.isEmpty()
            ? seen
            : switch (run) {
              case COLD -> AccessTrace.merge(List.of(known.get(), seen));
              case PREPARED -> known.get().extendedBy(seen);
              case ANEW -> seen;
            };
    int knownChunks = known.map(t -> t.accesses().size()).orElse(0);
    int added = united.accesses().size() - knownChunks;
    boolean adds = added != 0 && (runs < FEW_RUNS || added >= knownChunks / WORTH);
    if (run == Run.ANEW ? known.equals(Optional.of(seen)) : !adds) {
      return Optional.empty();
    }
    List<Referrer> traces = TraceReferrer.KIND.among(before);
    if (traces.size() >= MOST_LEFT) {
      return Optional.empty();
    }
    Optional<Referrer> pack = pack(subject, united, created);
    var making = new TraceReferrer.Making(host, run == Run.ANEW ? 1 : runs + 1);
    Referrer trace = TraceReferrer.publish(place, subject, united, created, making);
    var old = new ArrayList<>(traces);
    if (pack.isPresent()) {
      old.addAll(StartReferrer.KIND.among(before));
    }
    var fresh = new ArrayList<>(List.of(trace));
    pack.ifPresent(fresh::add);
    remove(subject, old, fresh);
    return Optional.of(united);
  }

  /**
   * Takes all traces away. Where the image has a streaming form, a pack without a trace takes the
   * place of those with one.
   *
   * @param subject the image's own manifest
   * @return how many traces there were, and how many of them the registry keeps
   */
  public Withdrawn withdraw(Descriptor subject) throws IOException, InterruptedException {
    List<Referrer> before = repository.referrers(subject.digest());
    List<Referrer> traces = TraceReferrer.KIND.among(before);
    if (traces.isEmpty()) {
      return new Withdrawn(0, 0);
    }
    Optional<Referrer> pack = pack(subject, NOTHING, Instant.EPOCH);
    var old = new ArrayList<>(traces);
    old.addAll(StartReferrer.KIND.among(before));
    List<Referrer> kept = remove(subject, old, pack.stream().toList());
    return new Withdrawn(traces.size(), TraceReferrer.KIND.among(kept).size());
  }

  /** What became of traces that were to go. */
  public record Withdrawn(int traces, int kept) {}

  private List<Referrer> remove(Descriptor subject, List<Referrer> old, List<Referrer> fresh)
      throws IOException, InterruptedException {
    Set<String> stay =
        Set.copyOf(fresh.stream().map(r -> r.descriptor().digest()).distinct().toList());
    return place.removeReferrers(
        subject.digest(),
        old.stream().filter(r -> !stay.contains(r.descriptor().digest())).toList());
  }

  /**
   * Publishes a pack of what is known of an image: without a trace one that opens it faster.
   *
   * @return whether there is one now; there is none without a streaming form
   */
  public boolean publishPack(Descriptor subject, AccessTrace trace, Instant created)
      throws IOException, InterruptedException {
    return pack(subject, trace, created).isPresent();
  }

  private Optional<Referrer> pack(Descriptor subject, AccessTrace trace, Instant created)
      throws IOException, InterruptedException {
    Optional<StreamReferrer> form = StreamReferrer.find(repository, subject.digest());
    if (form.isEmpty()) {
      return Optional.empty();
    }
    var layers = new ArrayList<StartPackWriter.Layer>();
    for (StreamReferrer.Layer layer : form.get().layers()) {
      layers.add(StartPackWriter.Layer.of(repository, layer));
    }
    Path directory = Files.createTempDirectory(temporary, "start-pack-");
    Path file = directory.resolve("pack");
    try {
      var pack = StartPackWriter.write(layers, trace, file);
      return pack.isPresent()
          ? Optional.of(StartReferrer.publish(place, subject, pack.get(), created, host))
          : Optional.empty();
    } finally {
      Files.deleteIfExists(file);
      Files.delete(directory);
    }
  }
}
