package dev.nacelle.api.patch;

import static dev.nacelle.api.Trees.json;
import static dev.nacelle.api.Trees.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.status.ApiException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class JsonPatchTest {

  private static void assertPatched(String target, String patch, String expected) {
    assertThat(JsonPatch.apply(object(target), json(patch))).isEqualTo(object(expected));
  }

  private static void assertRefused(String target, String patch, int code, String message) {
    assertThatThrownBy(() -> JsonPatch.apply(object(target), json(patch)))
        .isInstanceOfSatisfying(
            ApiException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code))
        .hasMessageEndingWith(message);
  }

  @Test
  void addsReplacesAndRemoves() {
    assertPatched(
        "{'a':{'b':[1,2]}}",
        "[{'op':'add','path':'/a/b/1','value':9},{'op':'add','path':'/a/b/-','value':3},"
            + "{'op':'replace','path':'/a/b/0','value':0},{'op':'add','path':'/c','value':null}]",
        "{'a':{'b':[0,9,2,3]},'c':null}");
    assertPatched("{'a':[1,2,3]}", "[{'op':'remove','path':'/a/-1'}]", "{'a':[1,2]}");
  }

  @Test
  void escapesInPointersAreRead() {
    assertPatched(
        "{'m':{'a/b~c':1}}",
        "[{'op':'replace','path':'/m/a~1b~0c','value':2}]",
        "{'m':{'a/b~c':2}}");
  }

  @Test
  void movesAndCopies() {
    assertPatched(
        "{'a':{'x':1},'b':{}}",
        "[{'op':'copy','from':'/a/x','path':'/b/y'},{'op':'move','from':'/a','path':'/c'}]",
        "{'b':{'y':1},'c':{'x':1}}");
  }

  @Test
  void aCopyIsNotTheOriginal() {
    assertPatched(
        "{'a':{'x':1}}",
        "[{'op':'copy','from':'/a','path':'/b'},{'op':'replace','path':'/a/x','value':2}]",
        "{'a':{'x':2},'b':{'x':1}}");
  }

  @Test
  void aFailedTestRefusesAll() {
    assertRefused(
        "{'a':1}",
        "[{'op':'remove','path':'/a'},{'op':'test','path':'/a','value':1}]",
        422,
        "error in test for path: '/a': unable to get nonexistent key: a: missing value");
    assertRefused(
        "{'a':1}",
        "[{'op':'test','path':'/a','value':2}]",
        422,
        "testing value /a failed: test failed");
    assertPatched("{'a':1}", "[{'op':'test','path':'/b','value':null}]", "{'a':1}");
  }

  @Test
  void errorsAreWordedAsUpstream() {
    assertRefused(
        "{}",
        "[{'op':'add','path':'/a/b','value':1}]",
        422,
        "add operation does not apply: doc is missing path: \"/a/b\": missing value");
    assertRefused(
        "{}",
        "[{'op':'remove','path':'/a'}]",
        422,
        "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value");
    assertRefused(
        "{'a':[1]}",
        "[{'op':'add','path':'/a/5','value':1}]",
        422,
        "Unable to access invalid index: 5: invalid index referenced");
    assertRefused("{}", "[{'op':'fly','path':'/a'}]", 422, "Unexpected kind: fly");
    assertRefused(
        "{}",
        "{'a':1}",
        400,
        "error decoding patch: json: cannot unmarshal object into Go value of type"
            + " []handlers.jsonPatchOp");
  }

  @Test
  void tooManyOperationsAreRefused() {
    String patch =
        IntStream.range(0, 10_001)
            .mapToObj(i -> "{'op':'add','path':'/a','value':1}")
            .collect(Collectors.joining(",", "[", "]"));
    assertRefused(
        "{}", patch, 413, "The allowed maximum operations in a JSON patch is 10000, got 10001");
  }

  @Test
  void copiesThatDoubleTheDocumentEndSoon() {
    String patch =
        IntStream.range(0, 100)
            .mapToObj(i -> "{'op':'copy','from':'/a','path':'/a/k" + i + "'}")
            .collect(Collectors.joining(",", "[", "]"));
    assertRefused("{'a':{'text':'0123456789'}}", patch, 422, "exceeding the limit 3145728");
  }

  @Test
  void aDocumentCannotBeNestedWithoutEnd() {
    var patch = new StringBuilder("[");
    var path = new StringBuilder("/a");
    for (int i = 0; i < 600; i++) {
      path.append("/a");
      patch.append(i > 0 ? "," : "").append("{'op':'add','path':'" + path + "','value':{}}");
    }
    assertThatThrownBy(() -> JsonPatch.apply(object("{'a':{}}"), json(patch + "]")))
        .isInstanceOf(ApiException.class);
  }
}
