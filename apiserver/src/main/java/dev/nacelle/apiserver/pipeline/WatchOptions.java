package dev.nacelle.apiserver.pipeline;

/**
 * What a watch asks for besides its selection.
 *
 * @param initial whether the present objects come first, ended by an annotated bookmark
 * @param bookmarks whether bookmarks come
 */
public record WatchOptions(Initial initial, Bookmarks bookmarks) {

  /** {@code sendInitialEvents}: not given, false or true. */
  public enum Initial {
    UNSPECIFIED,
    NO,
    YES
  }

  /** {@code allowWatchBookmarks}. */
  public enum Bookmarks {
    NO,
    YES
  }
}
