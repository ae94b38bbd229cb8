package dev.nacelle.apiserver.http;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.util.ArrayList;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Reads one YAML document as JSON, its plain scalars by the rules of YAML 1.1 that kubectl and the
 * server of Kubernetes follow: {@code yes}, {@code on} are booleans, {@code 010} is octal.
 */
final class YamlReader {
  private static final int MAX_ALIASES = 100;
  private static final int MAX_DEPTH = 200;
  private static final Set<String> TRUE =
      Set.of("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y");
  private static final Set<String> FALSE =
      Set.of("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N");
  private static final Set<String> NULL = Set.of("", "~", "null", "Null", "NULL");
  private static final Pattern DECIMAL = Pattern.compile("[-+]?[0-9][0-9_]*");
  private static final Pattern FLOAT =
      Pattern.compile("[-+]?([0-9][0-9_]*)?(\\.[0-9]*)?([eE][-+]?[0-9]+)?");

  private YamlReader() {}

  /**
   * @throws JsonSyntaxException if it is not exactly one YAML document
   */
  static Json read(Bytes text) {
    String content = text.toUtf8();
    if (content.stripLeading().startsWith("{")) {
      return JsonReader.read(text);
    }
    try {
      var settings =
          LoadSettings.builder()
              .setMaxAliasesForCollections(MAX_ALIASES)
              .setAllowDuplicateKeys(false)
              .build();
      Optional<Node> root = new Compose(settings).composeString(content);
      return root.map(node -> value(node, 0)).orElse(JsonNull.NULL);
    } catch (YamlEngineException e) {
      throw new JsonSyntaxException(
          String.valueOf(e.getMessage()).lines().findFirst().orElse("invalid YAML"));
    }
  }

  private static Json value(Node node, int depth) {
    if (depth > MAX_DEPTH) {
      throw new JsonSyntaxException("nested too deeply");
    }
    return switch (node) {
      case MappingNode mapping -> {
        var object = JsonObject.builder();
        for (var tuple : mapping.getValue()) {
          if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
            throw new JsonSyntaxException("a key must be a scalar");
          }
          object.put(key.getValue(), value(tuple.getValueNode(), depth + 1));
        }
        yield object.build();
      }
      case SequenceNode sequence -> {
        var items = new ArrayList<Json>();
        for (Node item : sequence.getValue()) {
          items.add(value(item, depth + 1));
        }
        yield new JsonArray(items);
      }
      case ScalarNode scalar -> scalar(scalar);
      default -> throw new JsonSyntaxException("unexpected " + node.getNodeType());
    };
  }

  private static Json scalar(ScalarNode node) {
    String text = node.getValue();
    boolean plain =
        node.getScalarStyle() == ScalarStyle.PLAIN && !node.getTag().equals(new Tag("!!str"));
    if (!plain) {
      return Json.of(text);
    }
    if (NULL.contains(text)) {
      return JsonNull.NULL;
    }
    if (TRUE.contains(text)) {
      return JsonBoolean.TRUE;
    }
    if (FALSE.contains(text)) {
      return JsonBoolean.FALSE;
    }
    return number(text).orElse(Json.of(text));
  }

  private static Optional<Json> number(String text) {
    String digits = text.replace("_", "");
    String sign = digits.startsWith("-") ? "-" : "";
    String body = digits.startsWith("-") || digits.startsWith("+") ? digits.substring(1) : digits;
    try {
      if (body.startsWith("0x") || body.startsWith("0X")) {
        return Optional.of(Json.of(Long.parseLong(sign + body.substring(2), 16)));
      }
      if (body.startsWith("0o")) {
        return Optional.of(Json.of(Long.parseLong(sign + body.substring(2), 8)));
      }
      if (body.startsWith("0b")) {
        return Optional.of(Json.of(Long.parseLong(sign + body.substring(2), 2)));
      }
      if (DECIMAL.matcher(text).matches()) {
        boolean octal =
            body.length() > 1 && body.startsWith("0") && body.chars().allMatch(c -> c < '8');
        return Optional.of(Json.of(Long.parseLong(sign + body, octal ? 8 : 10)));
      }
      boolean hasDigit = body.chars().anyMatch(Character::isDigit);
      if (hasDigit && FLOAT.matcher(text).matches()) {
        return Optional.of(Json.of(Double.parseDouble(digits)));
      }
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
    return Optional.empty();
  }
}
