package dev.nacelle.base.json;

import dev.nacelle.base.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads YAML as Kubernetes does: 1.1 flavoured scalars ({@code yes}, {@code off}, {@code 0644}),
 * merge keys, keys of any scalar become strings, timestamps stay strings. Bounded: 16 MiB of text,
 * 100 levels, a million values after aliases are expanded. Safe for any thread.
 */
public final class YamlReader {
  private static final int MAX_CHARS = 16 << 20;

  private YamlReader() {}

  /**
   * The one document of a text; null for an empty one.
   *
   * @throws JsonSyntaxException if the text is not YAML, or has several documents
   */
  public static Json read(Bytes text) {
    return readNotingDuplicates(text).value();
  }

  /**
   * The one document of a text, and the keys that appeared twice in it.
   *
   * @throws JsonSyntaxException if the text is not YAML, or has several documents
   */
  public static JsonReader.Parsed readNotingDuplicates(Bytes text) {
    List<JsonReader.Parsed> documents = documents(text);
    return switch (documents.size()) {
      case 0 -> new JsonReader.Parsed(JsonNull.NULL, Set.of());
      case 1 -> documents.getFirst();
      default -> throw new JsonSyntaxException("expected one YAML document, got several");
    };
  }

  /**
   * The documents of a text in order; empty ones are left out.
   *
   * @throws JsonSyntaxException if the text is not YAML
   */
  public static List<Json> readAll(Bytes text) {
    return documents(text).stream()
        .map(JsonReader.Parsed::value)
        .filter(document -> !(document instanceof JsonNull))
        .toList();
  }

  private static List<JsonReader.Parsed> documents(Bytes text) {
    if (text.sizeBytes() > MAX_CHARS) {
      throw new JsonSyntaxException("the YAML text is larger than " + MAX_CHARS + " bytes");
    }
    var settings = LoadSettings.builder().setCodePointLimit(MAX_CHARS).build();
    var documents = new ArrayList<JsonReader.Parsed>();
    try {
      var events = new Parse(settings).parseString(text.toUtf8()).iterator();
      while (events.hasNext()) {
        if (events.next().getEventId() == Event.ID.DocumentStart) {
          documents.add(new YamlDocument(events).read());
        }
      }
    } catch (YamlEngineException e) {
      throw new JsonSyntaxException("cannot read YAML: " + message(e));
    }
    return documents;
  }

  private static String message(YamlEngineException e) {
    if (e instanceof MarkedYamlEngineException marked) {
      String where =
          marked.getProblemMark().map(mark -> "line " + (mark.getLine() + 1) + ": ").orElse("");
      return where + marked.getProblem();
    }
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("invalid text");
  }
}
