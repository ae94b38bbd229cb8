package dev.nacelle.base.json;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import java.util.LinkedHashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class JsonObjectTest {
  @Property(tries = 300)
  void anObjectBehavesAsALinkedMapWould(@ForAll Map<String, Long> entries) {
    var expected = new LinkedHashMap<String, Json>();
    var builder = JsonObject.builder();
    entries.forEach(
        (name, value) -> {
          expected.put(name, Json.of(value));
          builder.put(name, "first").put(name, value);
        });
    JsonObject object = builder.build();
    assertThat(object.members()).isEqualTo(expected);
    assertThat(expected).isEqualTo(object.members());
    assertThat(object.members().hashCode()).isEqualTo(expected.hashCode());
    assertThat(object.members().keySet()).containsExactlyElementsOf(expected.keySet());
    for (String name : entries.keySet()) {
      assertThat(object.get(name)).hasValue(expected.get(name));
      assertThat(object.without(name).has(name)).isFalse();
      assertThat(object.without(name).size()).isEqualTo(object.size() - 1);
    }
    assertThat(object.has("certainly not a name in it")).isFalse();
  }

  @Test
  void largeObjectsFindTheirMembersAndReplaceThem() {
    var builder = JsonObject.builder();
    for (int i = 0; i < 1000; i++) {
      builder.put("name" + i, i);
    }
    JsonObject object = builder.put("name7", "seven").remove("name8").build();
    assertThat(object.size()).isEqualTo(999);
    assertThat(object.string("name7")).hasValue("seven");
    assertThat(object.integer("name999")).hasValue(999);
    assertThat(object.has("name8")).isFalse();
    assertThat(JsonReader.read(JsonWriter.write(object))).isEqualTo(object);
  }

  @Test
  void stringsOfAllKindsAreWrittenAndRead() {
    for (String text :
        new String[] {"", "plain", "a\"b\\c\n", "é€😀", "x".repeat(5000) + "\u0001"}) {
      assertThat(JsonReader.read(JsonWriter.write(Json.of(text)))).isEqualTo(Json.of(text));
    }
    assertThat(JsonReader.readNotingDuplicates(Bytes.utf8("{\"a\":1}")).duplicates()).isEmpty();
  }
}
