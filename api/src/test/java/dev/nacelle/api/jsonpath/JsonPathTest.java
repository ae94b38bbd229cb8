package dev.nacelle.api.jsonpath;

import static dev.nacelle.api.Trees.json;
import static dev.nacelle.api.Trees.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonPathTest {
  private static final Json ROOT =
      json(
          """
          {'metadata':{'annotations':{'a.b/c':'x'}},'spec':{'n':3,'l':[{'y':1},{'y':2},{'y':3}]},
           'status':{'conditions':[{'type':'Ready','status':'True'},{'type':'Other','status':'False'}]}}
          """);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        ".spec.n|[3]",
        "{.spec.n}|[3]",
        "$.spec.n|[3]",
        ".spec.l[0].y|[1]",
        ".spec.l[-1].y|[3]",
        ".spec.l[*].y|[1,2,3]",
        ".spec.l[0:2].y|[1,2]",
        ".spec.l[0,2].y|[1,3]",
        ".metadata.annotations['a.b/c']|['x']",
        ".metadata.annotations['a\\.b/c']|['x']",
        ".metadata.annotations.a\\.b/c|['x']",
        ".status.conditions[?(@.type=='Ready')].status|['True']",
        ".status.conditions[?(@.type!='Ready')].status|['False']",
        ".spec.l[?(@.y>1)].y|[2,3]",
        ".missing.x|[]",
        "..y|[1,2,3]",
      })
  void pathsSelectValues(String path, String expected) {
    assertThat(new JsonArray(JsonPath.parse(path).find(ROOT))).isEqualTo(json(expected));
  }

  @ParameterizedTest
  @ValueSource(strings = {".a[", ".a[x]", ".a b", ".a[?(@.x=~1)]", ".a[?(@.x=='y')"})
  void malformedPathsAreRefused(String path) {
    assertThatThrownBy(() -> JsonPath.parse(path)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aPathOfMembersMayBeSet() {
    assertThat(JsonPath.parse(".spec.replicas").set(object("{}"), Json.of(2)))
        .isEqualTo(object("{'spec':{'replicas':2}}"));
    assertThatThrownBy(() -> JsonPath.parse(".a[0]").set(object("{}"), Json.of(2)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
