package dev.nacelle.base.json;

/** A JSON boolean. */
public enum JsonBoolean implements Json {
  TRUE,
  FALSE;

  public boolean value() {
    return this == TRUE;
  }
}
