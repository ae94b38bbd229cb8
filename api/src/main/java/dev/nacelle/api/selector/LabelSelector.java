package dev.nacelle.api.selector;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Map;

/** Which labels are wanted. Immutable, safe for any thread. */
public final class LabelSelector {
  /** Matches every object. */
  public static final LabelSelector EVERYTHING = new LabelSelector();

  /** Matches no object. */
  public static final LabelSelector NOTHING = new LabelSelector();

  private LabelSelector() {}

  /**
   * Reads the text form of a request: {@code app=web,tier in (a, b),!old}. Empty text matches all.
   *
   * @throws dev.nacelle.api.status.ApiException with code 400
   */
  public static LabelSelector parse(String text) {
    throw new UnsupportedOperationException("not yet");
  }

  /**
   * Reads a {@code meta/v1 LabelSelector}. An empty object matches everything; for an absent one
   * use {@link #NOTHING}.
   *
   * @throws dev.nacelle.api.status.ApiException with code 400
   */
  public static LabelSelector of(JsonObject selector) {
    throw new UnsupportedOperationException("not yet");
  }

  /** All of these labels with these values. */
  public static LabelSelector ofLabels(Map<String, String> labels) {
    throw new UnsupportedOperationException("not yet");
  }

  /** What is wrong with a {@code meta/v1 LabelSelector} at {@code field}; empty if nothing. */
  public static List<FieldError> validate(JsonObject selector, String field) {
    throw new UnsupportedOperationException("not yet");
  }

  public boolean matches(Map<String, String> labels) {
    throw new UnsupportedOperationException("not yet");
  }

  /** Whether every object matches. */
  public boolean isEverything() {
    throw new UnsupportedOperationException("not yet");
  }

  /** The text form, requirements sorted by key; {@link #parse} reads it again. */
  @Override
  public String toString() {
    throw new UnsupportedOperationException("not yet");
  }
}
