package dev.nacelle.base.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import org.junit.jupiter.api.Test;

class JsonReaderTest {
  @Test
  void whatIsReadIsWrittenBackAlike() {
    String text =
        "{\"a\":[1,2.5,true,null,\"x\\n\\u0001é😀\"],\"b\":{\"c\":-9223372036854775808},\"d\":1e+30}";
    assertThat(JsonWriter.write(JsonReader.read(Bytes.utf8(text))).toUtf8()).isEqualTo(text);
  }

  @Test
  void duplicateMembersAreNamedByPath() {
    var parsed =
        JsonReader.readNotingDuplicates(
            Bytes.utf8("{\"a\":{\"x\":1,\"x\":2},\"l\":[{\"y\":1,\"y\":1}]}"));
    assertThat(parsed.duplicates()).containsExactlyInAnyOrder("a.x", "l[0].y");
    assertThat(((JsonObject) parsed.value()).integer("a", "x")).hasValue(2);
  }

  @Test
  void trailingTextIsRefused() {
    assertThatThrownBy(() -> JsonReader.read(Bytes.utf8("{} {}")))
        .isInstanceOf(JsonSyntaxException.class);
  }

  @Test
  void anEndlessNestingIsRefused() {
    assertThatThrownBy(() -> JsonReader.read(Bytes.utf8("[".repeat(100_000))))
        .isInstanceOf(JsonSyntaxException.class);
  }

  @Test
  void aFaultIsToldInShortWordsWithItsPlace() {
    assertThat(fault("{\"a\":")).isEqualTo("unexpected end of JSON input");
    assertThat(fault("{\"a\" 1}")).isEqualTo("invalid JSON at offset 5 (line 1, column 6)");
    assertThat(fault("{\n b:1}")).startsWith("invalid JSON at offset ").contains("line 2");
    assertThat(fault("[".repeat(600))).startsWith("more than 500 levels of nesting at offset ");
    assertThat(fault("1".repeat(5000))).startsWith("a name, a number or a string is too long");
  }

  private static String fault(String text) {
    try {
      return "no fault in " + JsonReader.read(Bytes.utf8(text));
    } catch (JsonSyntaxException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
