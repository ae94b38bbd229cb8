package dev.nacelle.image;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.registry.BlobReferrer;
import dev.nacelle.image.registry.Manifest;
import dev.nacelle.image.registry.Referrer;
import dev.nacelle.image.registry.Repository;
import dev.nacelle.image.stream.AccessTrace;
import dev.nacelle.image.stream.StartPublication;
import dev.nacelle.image.stream.StartReferrer;
import dev.nacelle.image.stream.StreamReferrer;
import dev.nacelle.image.stream.TraceReferrer;
import dev.nacelle.kernel.HostName;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * What starts of an image have needed: shown, made anew, shared, forgotten. Asks the image's
 * registry; where that cannot be asked, what this host knows must do. Safe for any thread.
 */
public final class ImageTraces {
  private final LocalImageStore store;
  private final LocalParts parts;
  private final KeptTraces kept;
  private final InstantSource clock;

  /**
   * @throws ImageException with {@link ImageFault#HOST} if this host keeps no traces
   */
  public ImageTraces(LocalImageStore store, InstantSource clock) {
    this.store = store;
    this.parts = store.parts();
    this.clock = clock;
    try {
      this.kept = new KeptTraces(parts.layout());
    } catch (IOException e) {
      throw Faults.of(e, "look for traces");
    }
  }

  /**
   * The image that a reference names now.
   *
   * @param manifest digest of its own manifest
   * @param remote empty where the registry cannot be asked
   * @param unreachable why not
   */
  private record Subject(
      ImageReference reference,
      String manifest,
      Optional<ImagePull.Remote> remote,
      Optional<StoredImage> here,
      String unreachable) {}

  /**
   * The trace that the next start would use.
   *
   * @throws ImageException with {@link ImageFault#NOT_FOUND} if there is no such image, or no trace
   */
  public TraceReport show(ImageReference reference, PullSecrets secrets, LayerProgress progress)
      throws InterruptedException {
    Subject subject = find("show", reference, secrets);
    try {
      return report(subject, progress);
    } catch (IOException e) {
      throw Faults.of("show the trace of image " + reference, e);
    }
  }

  private TraceReport report(Subject subject, LayerProgress progress)
      throws IOException, InterruptedException {
    var layers = new TraceLayers(parts, progress);
    if (subject.here().isPresent()) {
      layers.learn(subject.here().get());
    }
    List<Referrer> referrers = List.of();
    Optional<TraceReferrer.Listed> listed = Optional.empty();
    if (subject.remote().isPresent()) {
      Repository repository = subject.remote().get().repository();
      referrers = repository.referrers(subject.manifest());
      listed = TraceReferrer.newestListed(repository, subject.manifest(), referrers);
      Optional<StreamReferrer> form = StreamReferrer.find(repository, subject.manifest());
      if (form.isPresent()) {
        layers.learn(repository, form.get());
      }
      if (form.isEmpty() && listed.isEmpty() && kept.find(subject.manifest()).isEmpty()) {
        throw failure(
            "show",
            subject.reference(),
            "it has no streaming form, without which nothing is traced; try image convert "
                + subject.reference());
      }
    }
    Optional<AccessTrace> own = kept.find(subject.manifest());
    if (listed.isEmpty() && own.isEmpty()) {
      throw failure("show", subject.reference(), whyNone(subject));
    }
    AccessTrace used = listed.map(TraceReferrer.Listed::trace).or(() -> own).orElseThrow();
    List<TraceReport.Layer> described = layers.describe(used);
    return new TraceReport(
        subject.reference().toString(),
        subject.manifest(),
        listed.isPresent() ? TraceReport.Source.REGISTRY : TraceReport.Source.HOST,
        listed.isPresent()
            ? BlobReferrer.created(listed.get().referrer())
            : kept.written(subject.manifest()),
        listed.isPresent()
            ? BlobReferrer.host(listed.get().referrer())
            : HostName.ofKernel().orElse(""),
        length(used),
        note(subject),
        packs(referrers),
        layers.whole(),
        described);
  }

  private static Duration length(AccessTrace trace) {
    return trace.isEmpty()
        ? Duration.ZERO
        : Duration.ofNanos(1000 * trace.accesses().getLast().micros());
  }

  private static List<TraceReport.Pack> packs(List<Referrer> referrers) {
    return StartReferrer.among(referrers).stream()
        .map(
            pack ->
                new TraceReport.Pack(
                    pack.blob().digest(),
                    pack.blob().sizeBytes(),
                    BlobReferrer.created(pack.referrer())))
        .toList();
  }

  private String note(Subject subject) {
    if (kept.isToBeRecorded(subject.manifest())) {
      return "the next cold start on this host does without it, and is recorded anew";
    }
    return subject.remote().isPresent()
        ? ""
        : "its registry cannot be asked: " + subject.unreachable();
  }

  private String whyNone(Subject subject) {
    if (subject.here().isPresent() && parts.starts().isRecording(subject.manifest())) {
      return "its first start on this host is being recorded, and laid down when it has been quiet"
          + " for some seconds; start it if it does not run yet, and ask again";
    }
    if (subject.remote().isEmpty()) {
      return "this host has none, and its registry cannot be asked: " + subject.unreachable();
    }
    String how = subject.here().isPresent() ? "remove it here, and start it" : "start it on a host";
    return kept.isToBeRecorded(subject.manifest())
        ? "nobody has started it cold since its trace was dropped; " + how
        : "nobody has started it cold yet; " + how;
  }

  /** Whether what was asked for can happen by itself. */
  public enum Recording {
    /** The next start is cold. */
    NEXT_START,
    /** The image is here: what is here is not recorded. */
    AFTER_REMOVAL
  }

  /**
   * Drops this host's trace, and has the next cold start here written down as if nothing were known
   * of the image; what it gives takes the place of the trace in the registry.
   */
  public Recording recordAnew(ImageReference reference, PullSecrets secrets)
      throws InterruptedException {
    Subject subject = find("record", reference, secrets);
    try {
      kept.recordAnew(subject.manifest());
    } catch (IOException e) {
      throw Faults.of("record the trace of image " + reference, e);
    }
    return subject.here().isPresent() ? Recording.AFTER_REMOVAL : Recording.NEXT_START;
  }

  /**
   * Lays this host's trace beside the image, united with the one that is there.
   *
   * @return how many chunks the trace in the registry has now; empty if it says as much already, or
   *     the registry keeps too many older ones
   */
  public Optional<Integer> push(ImageReference reference, PullSecrets secrets)
      throws InterruptedException {
    Subject subject = find("push", reference, secrets);
    ImagePull.Remote remote = remote("push", subject);
    AccessTrace own =
        kept.find(subject.manifest())
            .orElseThrow(
                () ->
                    failure(
                        "push",
                        reference,
                        "this host has none; try image trace "
                            + reference
                            + " to see whether the registry has"));
    try {
      return publication(reference, remote)
          .publish(remote.imageManifest(), own, StartPublication.Run.PREPARED, clock.instant())
          .map(trace -> trace.accesses().size());
    } catch (IOException e) {
      throw Faults.of("push the trace of image " + reference, e);
    }
  }

  /**
   * What became of the traces of an image.
   *
   * @param here whether this host had one
   * @param inRegistry how many the registry had
   * @param kept how many of them it keeps
   */
  public record Deleted(boolean here, int inRegistry, int kept) {}

  /** Deletes the traces of an image, on this host and in its registry. */
  public Deleted delete(ImageReference reference, PullSecrets secrets) throws InterruptedException {
    Subject subject = find("delete", reference, secrets);
    try {
      boolean here = kept.drop(subject.manifest());
      if (subject.remote().isEmpty() && !here) {
        throw failure("delete", reference, whyNone(subject));
      }
      if (subject.remote().isEmpty()) {
        return new Deleted(here, 0, 0);
      }
      StartPublication.Withdrawn withdrawn =
          publication(reference, subject.remote().get())
              .withdraw(subject.remote().get().imageManifest());
      return new Deleted(here, withdrawn.traces(), withdrawn.kept());
    } catch (IOException e) {
      throw Faults.of("delete the trace of image " + reference, e);
    }
  }

  private StartPublication publication(ImageReference reference, ImagePull.Remote remote) {
    return new StartPublication(
        remote.repository(),
        parts.registries().writer(reference, remote.credential()),
        parts.layout().temporary(),
        HostName.ofKernel().orElse(""));
  }

  private static ImagePull.Remote remote(String verb, Subject subject) {
    return subject
        .remote()
        .orElseThrow(
            () ->
                new ImageException(
                    ImageFault.REGISTRY_UNAVAILABLE,
                    sentence(
                        verb,
                        subject.reference(),
                        "its registry cannot be asked: " + subject.unreachable())));
  }

  private Subject find(String verb, ImageReference reference, PullSecrets secrets)
      throws InterruptedException {
    Optional<StoredImage> here = store.stored(reference);
    try {
      var request = new PullRequest(reference, PullPolicy.ALWAYS, secrets);
      ImagePull.Remote remote =
          new ImagePull(parts.registries(), request, PullProgress.SILENT).resolve(Platform.host());
      return new Subject(reference, remote.imageManifest().digest(), Optional.of(remote), here, "");
    } catch (ImageException e) {
      Optional<String> manifest = here.isEmpty() ? Optional.empty() : ownManifest(here.get());
      String why = Repository.withoutPull(String.valueOf(e.getMessage()), reference);
      if (manifest.isEmpty()) {
        throw new ImageException(
            e.fault(), sentence(verb, reference, unknown(here.isPresent(), e.fault(), why)), e);
      }
      return new Subject(reference, manifest.get(), Optional.empty(), here, why);
    }
  }

  private static String unknown(boolean here, ImageFault fault, String why) {
    if (here) {
      return "it was imported, and its registry has it not (" + why + "); try image push";
    }
    return fault == ImageFault.NOT_FOUND
        ? "neither its registry has such an image, nor is it here; try image list"
        : "it is not here, and its registry cannot be asked: " + why;
  }

  /** The manifest among those of an image that is the image's own. */
  private Optional<String> ownManifest(StoredImage image) {
    for (String digest : image.manifests()) {
      try {
        Bytes bytes = Bytes.wrap(Files.readAllBytes(parts.layout().blob(digest)));
        if (Manifest.parse(bytes) instanceof Manifest.Image own
            && own.config().digest().equals(image.id())) {
          return Optional.of(digest);
        }
      } catch (IOException | ImageException e) {
        // gone, or damaged: it names nothing then
      }
    }
    return Optional.empty();
  }

  private static ImageException failure(String verb, ImageReference reference, String why) {
    return new ImageException(ImageFault.NOT_FOUND, sentence(verb, reference, why));
  }

  private static String sentence(String verb, ImageReference reference, String why) {
    return "cannot " + verb + " the trace of image " + reference + ": " + why;
  }
}
