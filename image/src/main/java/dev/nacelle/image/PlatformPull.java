package dev.nacelle.image;

import dev.nacelle.image.layer.Sha256;

/**
 * Pulls an image for a platform that is named, which this host need not be: to push it elsewhere,
 * to convert it, to look at it. It gets no tag here, for a pod would run what the tag names; it is
 * known by its digest.
 */
public final class PlatformPull {
  private final LocalImageStore store;

  public PlatformPull(LocalImageStore store) {
    this.store = store;
  }

  /**
   * Pulls it whole.
   *
   * @return its name here is its only repository digest
   */
  public ResolvedImage pull(PullRequest request, Platform platform, PullProgress progress)
      throws InterruptedException {
    var pull = new ImagePull(store.parts().registries(), request, progress);
    ImagePull.Remote remote = pull.resolve(platform);
    String digest = Sha256.of(remote.resolved().manifests().getLast());
    ImageContent whole = pull.wholeContent(remote); // nothing here will ever read it
    return store.bring(whole, request.reference().repository() + "@" + digest, platform);
  }
}
