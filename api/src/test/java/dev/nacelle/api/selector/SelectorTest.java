package dev.nacelle.api.selector;

import static dev.nacelle.api.Trees.kube;
import static dev.nacelle.api.Trees.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.status.ApiException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectorTest {
  private static final Map<String, String> LABELS = Map.of("app", "web", "tier", "a", "n", "5");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "app=web|true",
        "app==web,tier=a|true",
        "app!=web|false",
        "missing!=x|true",
        "app|true",
        "!app|false",
        "!missing|true",
        "app in (web, api)|true",
        "tier notin (a)|false",
        "n>4|true",
        "n<5|false",
        "app=|false",
        "in in (x)|false"
      })
  void requirementsMatch(String selector, boolean matches) {
    LabelSelector parsed = LabelSelector.parse(selector);
    assertThat(parsed.matches(LABELS)).isEqualTo(matches);
    assertThat(LabelSelector.parse(parsed.toString()).toString()).isEqualTo(parsed.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "app in web|unable to parse requirement: found 'web' expected: '('",
        "=x|found '=', expected: !, identifier, or 'end of string'",
        "a=b c|found 'c', expected: ',' or 'end of string'",
        "a=b,|found '', expected: identifier after ','",
        "a in (b|unable to parse requirement: found '', expected: ',' or ')'",
      })
  void syntaxErrorsAreWordedAsUpstream(String selector, String message) {
    assertThatThrownBy(() -> LabelSelector.parse(selector))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(400))
        .hasMessage(message);
  }

  @Test
  void emptyTextMatchesAll() {
    assertThat(LabelSelector.parse("").isEverything()).isTrue();
    assertThat(LabelSelector.NOTHING.matches(LABELS)).isFalse();
  }

  @Test
  void selectorObjectsMatch() {
    var selector =
        LabelSelector.of(
            object(
                "{'matchLabels':{'app':'web'},'matchExpressions':[{'key':'tier','operator':'In','values':['b','a']}]}"));
    assertThat(selector.matches(LABELS)).isTrue();
    assertThat(selector).hasToString("app=web,tier in (a,b)");
    assertThatThrownBy(
            () -> LabelSelector.of(object("{'matchExpressions':[{'key':'a','operator':'Is'}]}")))
        .hasMessage("\"Is\" is not a valid label selector operator");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      emptyValue = "",
      value = {
        "metadata.name=a|a",
        "metadata.name==a|a",
        "spec.unknown=b,metadata.name=a|a",
        "metadata.name=a\\,b|'a,b'",
        "metadata.name!=a|''",
        "metadata.name=|''",
        "metadata.name=..|''",
        "metadata.name=a/b|''",
        "metadata.name=a\\b|''",
        "metadata.namespace=a|''",
        "''|''"
      })
  void selectorOfOneNameSaysIt(String selector, String name) {
    assertThat(FieldSelector.exactName(selector).orElse("")).isEqualTo(name);
  }

  @Test
  void fieldSelectorsCompareStrings() {
    var pod = kube("{'metadata':{'name':'a'},'spec':{'nodeName':'n,1'}}");
    var fields = List.of(SelectableField.at("spec.nodeName"));
    var selector = FieldSelector.parse("spec.nodeName=n\\,1,metadata.name!=b", fields);
    assertThat(selector.matches(pod)).isTrue();
    assertThat(selector.exactly("spec.nodeName")).contains("n,1");
    assertThat(selector.exactly("metadata.name")).isEmpty();
    assertThatThrownBy(() -> FieldSelector.parse("spec.x=1", fields))
        .hasMessage("field label not supported: spec.x");
    assertThatThrownBy(() -> FieldSelector.parse("abc", fields))
        .hasMessage("invalid selector: 'abc'; can't understand 'abc'");
  }
}
