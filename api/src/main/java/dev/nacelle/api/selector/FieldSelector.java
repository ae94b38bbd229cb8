package dev.nacelle.api.selector;

import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.object.KubeObject;
import java.util.List;
import java.util.Optional;

/** Which field values are wanted. Immutable, safe for any thread. */
public final class FieldSelector {
  /** Matches every object. */
  public static final FieldSelector EVERYTHING = new FieldSelector();

  private FieldSelector() {}

  /**
   * Reads {@code spec.nodeName=a,status.phase!=Running}. Empty text matches all.
   *
   * @param selectable the fields of the kind, besides {@code metadata.name} and {@code
   *     metadata.namespace}
   * @throws dev.nacelle.api.status.ApiException with code 400: a syntax error, or {@code field
   *     label not supported: X}
   */
  public static FieldSelector parse(String text, List<SelectableField> selectable) {
    throw new UnsupportedOperationException("not yet");
  }

  public boolean matches(KubeObject object) {
    throw new UnsupportedOperationException("not yet");
  }

  public boolean isEverything() {
    throw new UnsupportedOperationException("not yet");
  }

  /** The only value that a field may have, where the selector asks for just one. */
  public Optional<String> exactly(String path) {
    throw new UnsupportedOperationException("not yet");
  }
}
