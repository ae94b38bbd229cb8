package dev.nacelle.image;

/** What to make present, and how. */
public record PullRequest(ImageReference reference, PullPolicy policy, PullSecrets secrets) {

  /** A request without credentials. */
  public static PullRequest of(ImageReference reference, PullPolicy policy) {
    return new PullRequest(reference, policy, PullSecrets.NONE);
  }
}
