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
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.exc.UnexpectedEndOfInputException;
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

  /** Stands for: paths are not tracked. */
  private static final List<String> NO_PATH = List.of();

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
    return new Reading(NO_PATH).read(text);
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
    var quick = new Reading(NO_PATH);
    Json value = quick.read(text);
    if (!quick.sawDuplicates) {
      return new Parsed(value, Set.of());
    }
    // duplicates are rare: only then the paths are worth their cost
    var thorough = new Reading(new ArrayList<>());
    return new Parsed(thorough.read(text), thorough.duplicates);
  }

  private static String reason(JacksonException e, JsonParser parser) {
    if (e instanceof UnexpectedEndOfInputException) {
      return "unexpected end of JSON input";
    }
    String what =
        switch (e) {
          case StreamConstraintsException c
              when parser.streamReadContext().getNestingDepth() > MAX_DEPTH ->
              "more than " + MAX_DEPTH + " levels of nesting";
          case StreamConstraintsException c -> "a name, a number or a string is too long";
          default -> "invalid JSON";
        };
    var told = e.getLocation();
    var at = told == null || told.getByteOffset() < 0 ? parser.currentLocation() : told;
    return "%s at offset %d (line %d, column %d)"
        .formatted(what, at.getByteOffset(), at.getLineNr(), at.getColumnNr());
  }

  /** One text on its way to a tree; used once. */
  private static final class Reading {
    private final List<String> path;
    private final boolean tracksPath;
    private final Set<String> duplicates = new LinkedHashSet<>(0);
    private boolean sawDuplicates;

    Reading(List<String> path) {
      this.path = path;
      this.tracksPath = path != NO_PATH;
    }

    Json read(Bytes text) {
      byte[] array = text.unsafeArray();
      try (JsonParser parser =
          FACTORY.createParser(ObjectReadContext.empty(), array, 0, array.length)) {
        return read(parser);
      }
    }

    private Json read(JsonParser parser) {
      try {
        JsonToken first = parser.nextToken();
        if (first == null) {
          throw new JsonSyntaxException("unexpected end of JSON input");
        }
        Json value = value(parser, first);
        if (parser.nextToken() != null) {
          throw new JsonSyntaxException("unexpected text after the top-level JSON value");
        }
        return value;
      } catch (JacksonException e) {
        throw new JsonSyntaxException(reason(e, parser));
      }
    }

    private Json value(JsonParser parser, JsonToken token) {
      return switch (token) {
        case START_OBJECT -> object(parser);
        case START_ARRAY -> array(parser);
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

    private Json object(JsonParser parser) {
      var members = new MemberList();
      for (String name = parser.nextName(); name != null; name = parser.nextName()) {
        JsonToken token = parser.nextToken();
        if (tracksPath) {
          path.add(path.isEmpty() ? name : "." + name);
        }
        if (members.put(name, value(parser, token))) {
          sawDuplicates = true;
          if (tracksPath) {
            duplicates.add(String.join("", path));
          }
        }
        if (tracksPath) {
          path.removeLast();
        }
      }
      return JsonObject.of(members);
    }

    private Json array(JsonParser parser) {
      var items = new ArrayList<Json>();
      for (JsonToken token = parser.nextToken();
          token != JsonToken.END_ARRAY;
          token = parser.nextToken()) {
        if (tracksPath) {
          path.add("[" + items.size() + "]");
        }
        items.add(value(parser, token));
        if (tracksPath) {
          path.removeLast();
        }
      }
      return new JsonArray(items);
    }
  }
}
