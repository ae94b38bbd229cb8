package dev.nacelle.api.definition;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.json.Json;
import java.time.Instant;

/**
 * A column of the server-side table.
 *
 * @param type string, integer, number, boolean or date
 * @param priority 0 is always shown, higher ones with {@code -o wide}
 */
public record Column(
    String name, String type, String format, String description, int priority, Cell cell) {

  /**
   * The value of a cell. Pure. A date column of a custom kind gives an RFC 3339 text, one of a
   * built-in kind the age.
   */
  @FunctionalInterface
  public interface Cell {
    Json value(KubeObject object, Instant now);
  }

  public static Column of(String name, String type, Cell cell) {
    return new Column(name, type, name.equals("Name") ? "name" : "", name, 0, cell);
  }

  public Column wide() {
    return new Column(name, type, format, description, 1, cell);
  }

  public Column describedAs(String text) {
    return new Column(name, type, format, text, priority, cell);
  }
}
