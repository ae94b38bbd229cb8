package dev.nacelle.base.json;

import dev.nacelle.base.bytes.Bytes;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads JSON text into trees. Bounded: 500 levels, 64 MiB of text in one string. Safe for any
 * thread.
 */
public final class JsonReader {
  private static final int MAX_DEPTH = 500;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(64 << 20)
                  .build())
          .build();

  private JsonReader() {}

  /**
   * A tree, and the paths of members that appeared twice (the last one won), in the notation of
   * strict field validation: {@code spec.template.spec.containers[0].image}.
   */
  public record Parsed(Json value, Set<String> duplicates) {
    public Parsed {
      duplicates = Set.copyOf(duplicates);
    }
  }

  /**
   * @throws JsonSyntaxException if the text is not exactly one JSON value
   */
  public static Json read(Bytes text) {
    return readNotingDuplicates(text).value();
  }

  /**
   * @throws JsonSyntaxException if the text is not exactly one JSON object
   */
  public static JsonObject readObject(Bytes text) {
    return switch (read(text)) {
      case JsonObject o -> o;
      case Json other ->
          throw new JsonSyntaxException("expected a JSON object, got " + other.typeName());
    };
  }

  /**
   * @throws JsonSyntaxException if the text is not exactly one JSON value
   */
  public static Parsed readNotingDuplicates(Bytes text) {
    byte[] array = text.unsafeArray();
    try (JsonParser parser =
        FACTORY.createParser(ObjectReadContext.empty(), array, 0, array.length)) {
      if (parser.nextToken() == null) {
        throw new JsonSyntaxException("unexpected end of JSON input");
      }
      var duplicates = new LinkedHashSet<String>();
      Json value = value(parser, new ArrayList<>(), duplicates);
      if (parser.nextToken() != null) {
        throw new JsonSyntaxException("unexpected text after the top-level JSON value");
      }
      return new Parsed(value, duplicates);
    } catch (JacksonException e) {
      throw new JsonSyntaxException(firstLine(e));
    }
  }

  private static String firstLine(JacksonException e) {
    var at = e.getLocation();
    String where = at == null ? "" : " at line " + at.getLineNr() + " column " + at.getColumnNr();
    return e.getOriginalMessage().lines().findFirst().orElse("invalid JSON") + where;
  }

  private static Json value(JsonParser parser, List<String> path, Set<String> duplicates) {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> object(parser, path, duplicates);
      case START_ARRAY -> array(parser, path, duplicates);
      case VALUE_STRING -> new JsonString(parser.getString());
      case VALUE_NUMBER_INT ->
          switch (parser.getNumberType()) {
            case INT, LONG -> new JsonNumber.Integer(parser.getLongValue());
            default -> decimal(parser);
          };
      case VALUE_NUMBER_FLOAT -> decimal(parser);
      case VALUE_TRUE -> JsonBoolean.TRUE;
      case VALUE_FALSE -> JsonBoolean.FALSE;
      case VALUE_NULL -> JsonNull.NULL;
      default -> throw new JsonSyntaxException("unexpected " + token);
    };
  }

  private static Json decimal(JsonParser parser) {
    double value = parser.getDoubleValue();
    if (!Double.isFinite(value)) {
      throw new JsonSyntaxException("number out of range: " + parser.getString());
    }
    return new JsonNumber.Decimal(value);
  }

  private static Json object(JsonParser parser, List<String> path, Set<String> duplicates) {
    var builder = JsonObject.builder();
    var seen = new java.util.HashSet<String>();
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      parser.nextToken();
      path.add(path.isEmpty() ? name : "." + name);
      if (!seen.add(name)) {
        duplicates.add(String.join("", path));
      }
      builder.put(name, value(parser, path, duplicates));
      path.removeLast();
    }
    return builder.build();
  }

  private static Json array(JsonParser parser, List<String> path, Set<String> duplicates) {
    var items = new ArrayList<Json>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      path.add("[" + items.size() + "]");
      items.add(value(parser, path, duplicates));
      path.removeLast();
    }
    return new JsonArray(items);
  }
}
