package dev.nacelle.base.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YamlTest {
  private static final String SYNTAX = "ab :#-\n\t'\"{}[],&*!|>%@`~0.";
  private static final List<String> TRICKY =
      List.of(
          "yes",
          "0644",
          "1e3",
          "null",
          "",
          "<<",
          "---",
          "...",
          "a: b",
          "x #y",
          "2026-01-01",
          "=",
          "one\ntwo\n",
          " lead\nline",
          "trail \n",
          "\n\n",
          "a\n\nb\n\n",
          "\uFEFF",
          "\u2028");

  private static String json(String yaml) {
    return JsonWriter.write(YamlReader.read(Bytes.utf8(yaml))).toUtf8();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "yes|true",
        "Off|false",
        "y|true",
        "NO|false",
        "~|null",
        "Null|null",
        "0644|420",
        "0o644|420",
        "0x1F|31",
        "0b101|5",
        "1_000|1000",
        "-012|-10",
        "+7|7",
        "1.0|1",
        "1e3|1000",
        ".5|0.5",
        "089|89",
        "12345678901234567890|12345678901234567000",
        "'yes'|\"yes\"",
        "\"0644\"|\"0644\"",
        "!!str 12|\"12\"",
        "a_b|\"a_b\"",
        "2026-01-02|\"2026-01-02\"",
        "2026-01-02T03:04:05Z|\"2026-01-02T03:04:05Z\"",
        "1:30|\"1:30\"",
        "1.2.3|\"1.2.3\"",
        "0x|\"0x\"",
        "-|[null]",
        "1m|\"1m\"",
        "!!binary aGk=|\"hi\"",
        "{1: a, true: b, 1.5: c, ~: d}|{\"1\":\"a\",\"true\":\"b\",\"1.5\":\"c\",\"null\":\"d\"}",
      })
  void scalarsMeanWhatTheyMeanToKubernetes(String yaml, String json) {
    // JSON has one notation for what a record of a decimal prints
    assertThat(json(yaml)).isEqualTo(json);
  }

  @Test
  void documentsAreSeparatedAndEmptyOnesLeftOut() {
    assertThat(
            YamlReader.readAll(Bytes.utf8("---\na: 1\n---\n---\n# c\n---\nb: [x, {c: d}]\n...\n")))
        .map(Json::toString)
        .containsExactly("{\"a\":1}", "{\"b\":[\"x\",{\"c\":\"d\"}]}");
    assertThatThrownBy(() -> json("a: 1\n---\nb: 2\n")).isInstanceOf(JsonSyntaxException.class);
    assertThat(json("")).isEqualTo("null");
  }

  @Test
  void anchorsAndMergeKeysAreExpanded() {
    assertThat(json("base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\nlist:\n  <<: [{x: 5}, *b]\n"))
        .isEqualTo(
            "{\"base\":{\"x\":1,\"z\":2},\"use\":{\"z\":3,\"x\":1},\"list\":{\"x\":5,\"z\":2}}");
  }

  @Test
  void duplicateKeysAreNamedByPath() {
    var parsed = YamlReader.readNotingDuplicates(Bytes.utf8("a:\n- x: 1\n  x: 2\nb: 1\nb: 2\n"));
    assertThat(parsed.duplicates()).containsExactlyInAnyOrder("a[0].x", "b");
    assertThat(parsed.value().toString()).isEqualTo("{\"a\":[{\"x\":2}],\"b\":2}");
  }

  @Test
  void bombsAreRefused() {
    var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
      bomb.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ",").repeat(10)));
    }
    assertThatThrownBy(() -> json(bomb.toString()))
        .isInstanceOf(JsonSyntaxException.class)
        .hasMessageContaining("values");
    assertThatThrownBy(() -> json("[".repeat(5000))).isInstanceOf(JsonSyntaxException.class);
    assertThatThrownBy(() -> json("a: &a [*a]")).isInstanceOf(JsonSyntaxException.class);
  }

  @Test
  void errorsSayTheLine() {
    assertThatThrownBy(() -> json("a: 1\nb: [1\nc: }"))
        .isInstanceOf(JsonSyntaxException.class)
        .hasMessageContaining("line ");
  }

  @Test
  void theLayoutIsThatOfKubectl() {
    var value =
        JsonReader.read(
            Bytes.utf8(
                "{\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"app\":\"x\",\"on\":\"yes\"},\"empty\":{}},"
                    + "\"list\":[{\"name\":\"a\",\"image\":\"r.io/x:1.2\",\"args\":[\"-c\",\"echo hi\"]},[1,2]],"
                    + "\"text\":\"one\\ntwo\\n\",\"none\":null,\"m\":1.5}"));
    assertThat(YamlWriter.write(value).toUtf8())
        .isEqualTo(
            """
            kind: Pod
            metadata:
              labels:
                app: x
                "on": "yes"
              empty: {}
            list:
            - name: a
              image: r.io/x:1.2
              args:
              - "-c"
              - echo hi
            - - 1
              - 2
            text: |
              one
              two
            none: null
            m: 1.5
            """);
  }

  @Property(tries = 1000, shrinking = ShrinkingMode.OFF)
  void whatIsWrittenIsReadBack(@ForAll long seed) {
    Json tree = tree(new Random(seed), 4);
    assertThat(YamlReader.read(YamlWriter.write(tree))).isEqualTo(tree);
  }

  private static Json tree(Random random, int depth) {
    return switch (random.nextInt(depth == 0 ? 4 : 6)) {
      case 0 -> Json.of(random.nextLong());
      case 1 -> random.nextBoolean() ? Json.of(random.nextBoolean()) : Json.nullValue();
      case 2, 3 -> Json.of(text(random));
      case 4 -> {
        var items = new ArrayList<Json>();
        for (int i = random.nextInt(4); i > 0; i--) {
          items.add(tree(random, depth - 1));
        }
        yield new JsonArray(items);
      }
      default -> {
        var object = JsonObject.builder();
        for (int i = random.nextInt(4); i > 0; i--) {
          object.put(text(random), tree(random, depth - 1));
        }
        yield object.build();
      }
    };
  }

  private static String text(Random random) {
    int kind = random.nextInt(3);
    if (kind == 0) {
      return TRICKY.get(random.nextInt(TRICKY.size()));
    }
    var text = new StringBuilder();
    for (int i = random.nextInt(13); i > 0; i--) {
      text.append(
          kind == 1
              ? SYNTAX.charAt(random.nextInt(SYNTAX.length()))
              : (char) (random.nextBoolean() ? random.nextInt(0x250) : random.nextInt(0xD800)));
    }
    return text.toString();
  }
}
