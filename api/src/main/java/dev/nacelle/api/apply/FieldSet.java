package dev.nacelle.api.apply;

import dev.nacelle.base.json.JsonObject;

/** An immutable set of field paths; {@code FieldsV1} is its JSON form. */
public final class FieldSet {
  public static final FieldSet EMPTY = new FieldSet();

  private FieldSet() {}

  /**
   * @throws IllegalArgumentException if it is not FieldsV1
   */
  public static FieldSet parse(JsonObject fieldsV1) {
    throw new UnsupportedOperationException("not yet");
  }

  public JsonObject toFieldsV1() {
    throw new UnsupportedOperationException("not yet");
  }

  public boolean isEmpty() {
    throw new UnsupportedOperationException("not yet");
  }
}
