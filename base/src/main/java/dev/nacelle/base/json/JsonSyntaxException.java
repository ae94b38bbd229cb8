package dev.nacelle.base.json;

/**
 * The input is not the JSON or YAML that was asked for; the message says what and where, in one
 * line.
 */
public final class JsonSyntaxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public JsonSyntaxException(String message) {
    super(message);
  }
}
