package dev.nacelle.base.json;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.snakeyaml.engine.v2.common.Anchor;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;

/** One document on its way from events to a tree; used once. */
final class YamlDocument {
  private static final int MAX_DEPTH = 100;
  private static final int MAX_VALUES = 1_000_000;
  private static final String TAG = "tag:yaml.org,2002:";

  private final Iterator<Event> events;
  private final Map<Anchor, Anchored> anchors = new HashMap<>();
  private final Set<String> duplicates = new LinkedHashSet<>();
  private int values;

  /** A value, and how many values there are in it. */
  private record Anchored(Json value, int size) {}

  YamlDocument(Iterator<Event> events) {
    this.events = events;
  }

  JsonReader.Parsed read() {
    Json value = value(events.next(), "", 0);
    return new JsonReader.Parsed(value, duplicates);
  }

  private Json value(Event event, String path, int depth) {
    if (depth > MAX_DEPTH) {
      throw failure(event, "nested deeper than " + MAX_DEPTH + " levels");
    }
    int before = values;
    count(event, 1);
    Json value =
        switch (event) {
          case AliasEvent alias -> alias(alias);
          case ScalarEvent scalar -> scalar(scalar);
          case SequenceStartEvent sequence -> sequence(path, depth);
          case MappingStartEvent mapping -> mapping(path, depth);
          default -> throw failure(event, "unexpected " + event.getEventId());
        };
    if (event instanceof NodeEvent node && !(event instanceof AliasEvent)) {
      int size = values - before;
      node.getAnchor().ifPresent(anchor -> anchors.put(anchor, new Anchored(value, size)));
    }
    return value;
  }

  private void count(Event event, int more) {
    values += more;
    if (values > MAX_VALUES) {
      throw failure(event, "more than " + MAX_VALUES + " values");
    }
  }

  private static JsonSyntaxException failure(Event event, String problem) {
    String where =
        event.getStartMark().map(mark -> "line " + (mark.getLine() + 1) + ": ").orElse("");
    return new JsonSyntaxException("cannot read YAML: " + where + problem);
  }

  private Json alias(AliasEvent event) {
    Anchored anchored = anchors.get(event.getAlias());
    if (anchored == null) {
      throw failure(event, "unknown anchor '" + event.getAlias() + "' referenced");
    }
    count(event, anchored.size());
    return anchored.value();
  }

  private static Json scalar(ScalarEvent event) {
    String text = event.getValue();
    Optional<String> tag = event.getTag();
    if (tag.isEmpty()) {
      return event.isPlain() ? resolved(event, text) : new JsonString(text);
    }
    return switch (tag.get().startsWith(TAG) ? tag.get().substring(TAG.length()) : "") {
      case "int", "float", "bool", "null" -> resolved(event, text);
      case "binary" -> binary(event, text);
      default -> new JsonString(text);
    };
  }

  private static Json resolved(ScalarEvent event, String text) {
    try {
      return YamlScalars.resolve(text);
    } catch (JsonSyntaxException e) {
      throw failure(event, e.getMessage() == null ? "bad scalar" : e.getMessage());
    }
  }

  private static Json binary(ScalarEvent event, String text) {
    try {
      return new JsonString(
          new String(Base64.getMimeDecoder().decode(text), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw failure(event, "!!binary value contains invalid base64 data");
    }
  }

  private Json sequence(String path, int depth) {
    var items = new ArrayList<Json>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.SequenceEnd;
        event = events.next()) {
      items.add(value(event, path + "[" + items.size() + "]", depth + 1));
    }
    return new JsonArray(items);
  }

  private Json mapping(String path, int depth) {
    var own = new LinkedHashMap<String, Json>();
    var merged = new LinkedHashMap<String, Json>();
    for (Event event = events.next();
        event.getEventId() != Event.ID.MappingEnd;
        event = events.next()) {
      boolean merge =
          event instanceof ScalarEvent scalar && scalar.isPlain() && scalar.getValue().equals("<<");
      String key = merge ? "<<" : key(event, depth);
      String childPath = path.isEmpty() ? key : path + "." + key;
      Event valueEvent = events.next();
      Json value = value(valueEvent, childPath, depth + 1);
      if (merge) {
        merge(valueEvent, value, merged);
      } else if (own.put(key, value) != null) {
        duplicates.add(childPath);
      }
    }
    merged.forEach(own::putIfAbsent);
    return JsonObject.of(own);
  }

  private String key(Event event, int depth) {
    return switch (value(event, "", depth + 1)) {
      case JsonString s -> s.value();
      case JsonNumber n -> JsonWriter.write(n).toUtf8();
      case JsonBoolean b -> b.value() ? "true" : "false";
      case JsonNull n -> "null";
      case JsonObject o -> throw failure(event, "a map cannot be a key");
      case JsonArray a -> throw failure(event, "a list cannot be a key");
    };
  }

  /** The keys of a mapping win over merged ones, earlier merged ones over later. */
  private static void merge(Event event, Json value, Map<String, Json> into) {
    List<Json> sources = value instanceof JsonArray list ? list.items() : List.of(value);
    for (Json source : sources) {
      if (!(source instanceof JsonObject object)) {
        throw failure(event, "map merge requires map or sequence of maps as the value");
      }
      object.members().forEach(into::putIfAbsent);
    }
  }
}
