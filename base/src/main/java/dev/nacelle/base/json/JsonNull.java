package dev.nacelle.base.json;

/** The JSON null. */
public enum JsonNull implements Json {
  NULL
}
