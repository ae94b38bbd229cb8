package dev.nacelle.image;

import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.stream.ImageOpening;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings images into the store: pulled, imported or for a verb, and named in the index when all of
 * them is here, or is filled as it is read. Safe for any thread.
 */
final class ImageArrivals {
  private static final Logger LOG = LoggerFactory.getLogger(ImageArrivals.class);

  private final Shelves shelves;
  private final RegistryClient registries;
  private final LazyReading reading;
  private final ImageAssembly assembly;
  private final IndexWriting writing;
  private final Clock clock;
  private final Platform host = Platform.host();

  /** By reference: one pull at a time of what is wanted if it is not here. */
  private final Map<ImageReference, ReentrantLock> pulls = new ConcurrentHashMap<>();

  ImageArrivals(
      Shelves shelves,
      RegistryClient registries,
      LazyReading reading,
      IndexWriting writing,
      Clock clock) {
    this.shelves = shelves;
    this.registries = registries;
    this.reading = reading;
    this.assembly = new ImageAssembly(shelves.layout(), shelves.layers(), shelves.lazy(), clock);
    this.writing = writing;
    this.clock = clock;
  }

  /** As {@link ImageStore#ensure}. */
  Ensured ensure(PullRequest request, PullProgress progress) throws InterruptedException {
    ImageReference reference = request.reference();
    Optional<ResolvedImage> here = resolve(reference);
    if (request.policy() != PullPolicy.ALWAYS && here.isPresent()) {
      useNewCredential(request, progress, here.get());
    }
    return switch (request.policy()) {
      case NEVER ->
          new Ensured.AlreadyPresent(
              here.orElseThrow(
                  () ->
                      new ImageException(
                          ImageFault.NEVER_PULL,
                          "Container image \""
                              + reference
                              + "\" is not present with pull policy of Never")));
      case IF_NOT_PRESENT ->
          here.isPresent() ? new Ensured.AlreadyPresent(here.get()) : pullOnce(request, progress);
      case ALWAYS -> pull(request, progress);
    };
  }

  /** Those that come meanwhile find it here. */
  private Ensured pullOnce(PullRequest request, PullProgress progress) throws InterruptedException {
    Instant start = clock.instant();
    ReentrantLock mine = pulls.computeIfAbsent(request.reference(), r -> new ReentrantLock());
    mine.lockInterruptibly();
    try {
      Optional<ResolvedImage> meanwhile = resolve(request.reference());
      return meanwhile.isPresent()
          ? new Ensured.Pulled(
              meanwhile.get(),
              Duration.ZERO,
              Duration.between(start, clock.instant()),
              0,
              new Arrival.Here())
          : pull(request, progress);
    } finally {
      if (!mine.hasQueuedThreads()) {
        pulls.remove(request.reference(), mine);
      }
      mine.unlock();
    }
  }

  private Ensured pull(PullRequest request, PullProgress progress) throws InterruptedException {
    Instant start = clock.instant();
    var pull = new ImagePull(registries, request, progress);
    ImagePull.Remote remote = pull.resolve(host);
    ImageReference reference = request.reference();
    String repoDigest = reference.repository() + "@" + remote.resolved().digest();
    List<String> names =
        reference.tag().isEmpty() || reference.digest().isPresent()
            ? List.of()
            : List.of(reference.toString());
    Optional<StoredImage> same = nameAgain(remote.resolved().digest(), names, repoDigest);
    StoredImage image;
    Arrival arrival = new Arrival.Here();
    if (same.isPresent()) {
      image = same.get();
      useOrigin(pull, remote, reference, image.toResolved());
    } else {
      ImageContent content = pull.content(remote);
      arrival = arrival(content);
      image = takeOrClose(content, names, List.of(repoDigest));
      shelves
          .starts()
          .begin(
              new StartTraces.Start(
                  reference,
                  remote.credential(),
                  remote.imageManifest(),
                  content.streamed(),
                  shelves.lazy().filling(image.toResolved())));
    }
    Duration took = Duration.between(start, clock.instant());
    return new Ensured.Pulled(image.toResolved(), took, took, pull.fetchedBytes(), arrival);
  }

  /**
   * What is filled as it is read needs its registry for long: a credential that came with a later
   * pod may be the only one that is still good. A registry that does not take it changes nothing.
   */
  private void useNewCredential(PullRequest request, PullProgress progress, ResolvedImage image)
      throws InterruptedException {
    ImageReference reference = request.reference();
    List<Credential> given = request.secrets().forImage(reference);
    boolean allAreNew =
        given.stream().allMatch(c -> lacks(image, reference.repository(), Optional.of(c)));
    if (!given.isEmpty() && allAreNew) {
      try {
        var pull = new ImagePull(registries, request, progress);
        ImagePull.Remote remote = pull.resolve(host);
        String digest = "@" + remote.resolved().digest();
        if (image.repoDigests().stream().anyMatch(d -> d.endsWith(digest))) {
          useOrigin(pull, remote, reference, image);
        }
      } catch (ImageException e) {
        LOG.debug("image {} is filled with the credential that is known", reference, e);
      }
    }
  }

  /** The layers that are still being filled are so from this repository, too. */
  private void useOrigin(
      ImagePull pull, ImagePull.Remote remote, ImageReference reference, ResolvedImage image)
      throws InterruptedException {
    if (!lacks(image, reference.repository(), remote.credential())) {
      return;
    }
    Set<String> filling =
        shelves.lazy().filling(image).stream().map(FillingLayer::key).collect(Collectors.toSet());
    try (StreamedForms forms = pull.forms(remote, ImageOpening.Chunks.ON_DEMAND)) {
      for (StreamedLayer form : forms.layers().values()) {
        if (filling.contains(StoredLayer.of(form.index()).key())) {
          shelves.lazy().obtain(form);
        }
      }
    }
  }

  private boolean lacks(ResolvedImage image, String repository, Optional<Credential> credential) {
    return shelves.lazy().filling(image).stream()
        .anyMatch(layer -> !layer.origins().knows(repository, credential));
  }

  private Arrival arrival(ImageContent content) {
    if (!content.streamed().lacking().isEmpty()) {
      return new Arrival.Whole(content.streamed().lacking());
    }
    return switch (reading) {
      case LazyReading.Available available -> new Arrival.Streamed();
      case LazyReading.Missing(String why) -> new Arrival.Whole(why);
    };
  }

  /** As {@link #take}; what a failure leaves open is closed. */
  private StoredImage takeOrClose(
      ImageContent content, List<String> names, List<String> repoDigests)
      throws InterruptedException {
    boolean taken = false;
    try {
      StoredImage image = take(content, names, repoDigests);
      taken = true;
      return image;
    } finally {
      if (!taken) {
        content.streamed().close();
      }
    }
  }

  /** Takes an image in, under these names. */
  StoredImage take(ImageContent content, List<String> names, List<String> repoDigests)
      throws InterruptedException {
    try (Pins.Pin pin = shelves.pins().pin(ImageAssembly.pinNames(content))) {
      requireRoom(content);
      ImageAssembly.Durability durability =
          isFilledOnReading(content)
              ? ImageAssembly.Durability.WITH_THE_INDEX
              : ImageAssembly.Durability.AT_ONCE;
      StoredImage image = assembly.assemble(content, names, repoDigests, host, durability);
      return switch (durability) {
        case AT_ONCE -> put(image);
        case WITH_THE_INDEX -> putSoon(image);
      };
    }
  }

  /** Before anything is fetched: what is known of its size must have room. */
  private void requireRoom(ImageContent content) {
    shelves.disk().require("pull image", assembly.neededBytes(content, reading));
  }

  private boolean isFilledOnReading(ImageContent content) {
    return reading instanceof LazyReading.Available && !content.streamed().layers().isEmpty();
  }

  private StoredImage putSoon(StoredImage image) {
    StoredImage known =
        shelves
            .lock()
            .locked("record image " + image.id(), () -> shelves.index().putUnwritten(image));
    writing.soon();
    return known;
  }

  private StoredImage put(StoredImage image) {
    return shelves.lock().locked("record image " + image.id(), () -> shelves.index().put(image));
  }

  /** Gives these names to the image of a manifest, if it is here and can be mounted. */
  private Optional<StoredImage> nameAgain(String manifest, List<String> names, String repoDigest) {
    return shelves
        .lock()
        .locked(
            "record image " + manifest,
            () -> {
              Optional<StoredImage> here =
                  shelves.index().images().stream()
                      .filter(i -> i.manifests().contains(manifest))
                      .findFirst()
                      .filter(this::isReadable);
              return here.isEmpty()
                  ? here
                  : Optional.of(
                      shelves
                          .index()
                          .put(
                              here.get()
                                  .named(names, List.of(repoDigest))
                                  .usedAt(clock.instant())));
            });
  }

  /** As {@link ImageStore#resolve}. */
  Optional<ResolvedImage> resolve(ImageReference reference) {
    return shelves
        .lock()
        .locked(
            "read the index",
            () ->
                shelves
                    .index()
                    .resolve(reference)
                    .filter(this::isReadable)
                    .map(StoredImage::toResolved));
  }

  /** What an earlier process left half is none where it cannot be filled on reading any more. */
  private boolean isReadable(StoredImage image) {
    return image.layers().stream().allMatch(l -> shelves.lazy().isReadable(l.key()));
  }

  /** Takes in an image for {@code platform}, which this host need not be, without a tag. */
  ResolvedImage bring(ImageContent content, String repoDigest, Platform platform)
      throws InterruptedException {
    try (Pins.Pin pin = shelves.pins().pin(ImageAssembly.pinNames(content))) {
      requireRoom(content);
      var durability = ImageAssembly.Durability.AT_ONCE;
      return put(assembly.assemble(content, List.of(), List.of(repoDigest), platform, durability))
          .toResolved();
    }
  }
}
