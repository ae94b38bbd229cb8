package dev.nacelle.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The images of one host: pulled or imported, kept as read-only layers, and mounted as the root
 * filesystems of containers. Safe for any thread; every method may block on disk, {@link #ensure}
 * also on the network. What a method has returned is durable: it survives a kill and a power cut.
 *
 * <p>All methods throw {@link ImageException}, whose {@link ImageFault} says which refusal it is.
 */
public interface ImageStore extends AutoCloseable {

  /**
   * Makes the image present as the policy asks. Callers that want the same blob at the same time
   * share one download.
   *
   * @throws InterruptedException if the thread was interrupted; layers that were complete are kept,
   *     and a later pull does not fetch them again
   */
  Ensured ensure(PullRequest request, PullProgress progress) throws InterruptedException;

  /** The local image that {@code reference} names; asks no registry. */
  Optional<ResolvedImage> resolve(ImageReference reference);

  /** The local image with this id, {@code sha256:HEX} of its configuration. */
  Optional<ResolvedImage> find(String imageId);

  /**
   * Imports a directory tree, an archive as {@code docker save} writes it, an OCI layout (directory
   * or tar), or a plain root filesystem as tar; tar files may be compressed by gzip or zstd. A
   * directory becomes one layer for the host's architecture with a usual PATH and no command; an
   * archive keeps its configuration. {@code name} then names the image; another image of that name
   * loses it.
   *
   * @throws InterruptedException if the thread was interrupted; nothing was imported
   */
  ResolvedImage importArchive(Path source, ImageReference name) throws InterruptedException;

  /** All images, by name. */
  List<ResolvedImage> list();

  /**
   * Takes the name away, and the image itself when this was its last name; a digest names the image
   * under all its names.
   *
   * @return what was freed
   * @throws ImageException with {@link ImageFault#IN_USE} while a mounted container uses the image,
   *     with {@link ImageFault#NOT_FOUND} where there is no such image
   */
  Freed remove(ImageReference reference);

  /** Whether parts of an image are still to come from its registry. */
  boolean isArriving(String imageId);

  /**
   * Compares what is not known to be as it came: layers that were not compared in this boot, or
   * whose files have changed since. {@link #mount} does so too; this can be interrupted.
   *
   * @throws ImageException with {@link ImageFault#DAMAGED} if some of the image is not what came;
   *     the message names the layer and the place. What is damaged was taken away, so that the
   *     image is not here any more; what is already mounted stays. Where the layer is still being
   *     filled, its chunks are fetched again instead
   */
  void requireSound(String imageId) throws InterruptedException;

  /**
   * Mounts a writable root filesystem over the image for one container, or, with {@link
   * MountOptions#VOLUME}, the image alone. Idempotent: a container that is already mounted with
   * this image gets the same answer. The mount outlives this process.
   *
   * @param containerId names the directory below {@code node/containers}: 1 to 80 of {@code
   *     [a-zA-Z0-9._-]}, not starting with a dot
   */
  RootFilesystem mount(String imageId, String containerId, MountOptions options);

  /** What is mounted by that name now (also by an earlier process). */
  Optional<RootFilesystem> mounted(String containerId);

  /** The ids of all that is mounted now: of containers, and of volumes. */
  Set<String> mountedContainers();

  /**
   * Unmounts a container's root filesystem and deletes what the container wrote. Idempotent: a
   * container without one is fine. One caller at a time for one container. A file still open in it
   * keeps its data until it is closed.
   */
  void unmount(String containerId);

  /**
   * Removes every image, layer and blob that nobody needs: images that are neither in {@code
   * imageIdsInUse}, nor mounted, nor being pulled. Layers left mounted without a container are
   * unmounted.
   */
  Freed prune(Set<String> imageIdsInUse);

  /**
   * Says which images pods use, beside those that are mounted. They are spared by {@link #prune}
   * and {@link #collectGarbage} too. Until this is known nothing is removed to make room for a
   * pull.
   *
   * @param imageIds asked on any thread, whenever something is to be removed; must be quick
   */
  void usedBy(Supplier<Set<String>> imageIds);

  /**
   * Frees space as the kubelet does: when the disk is fuller than the high threshold, removes
   * unused images, longest unused first, until it is below the low one.
   */
  Freed collectGarbage(Set<String> imageIdsInUse, GarbageThresholds thresholds);

  /**
   * Unmounts the layers that no container and no work under way uses. They are mounted again when
   * needed.
   */
  void unmountIdleLayers();

  /** What the store holds, and the disk under it. */
  ImageUsage usage();

  /** What this kernel lets the store do, what it does instead, and what is lost. */
  List<Capability> capabilities();

  /**
   * Tells of reads that could not be given their bytes, until the answer is closed.
   *
   * @param listener called on any thread, and often where a registry is gone; must not block
   */
  Subscription onFillFailure(FillListener listener);

  /** Told of reads that failed. */
  interface FillListener {
    /**
     * @param containerIds that stand on the layer
     * @param message names the layer, the chunk, and what each source answered
     */
    void failed(Set<String> containerIds, String message);
  }

  /** Ends with its close. */
  interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits for running pulls to stop. Mounts stay. */
  @Override
  void close();
}
