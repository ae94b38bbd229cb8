package dev.nacelle.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.YamlReader;
import org.junit.jupiter.api.Test;

class OwnObjectsTest {
  private static Json yaml(String text) {
    return YamlReader.read(Bytes.utf8(text));
  }

  private static boolean says(String present, String wanted) {
    return OwnObjects.says(yaml(present), yaml(wanted));
  }

  @Test
  void whatTheServerAddsDoesNotMatter() {
    assertThat(says("{a: 1, b: {c: 2, d: 3}}", "{a: 1, b: {c: 2}}")).isTrue();
    assertThat(says("{p: [{port: 53, targetPort: 53}]}", "{p: [{port: 53}]}")).isTrue();
  }

  @Test
  void anotherValueMatters() {
    assertThat(says("{a: 2}", "{a: 1}")).isFalse();
    assertThat(says("{a: '1'}", "{a: 1}")).isFalse();
  }

  @Test
  void whatIsMissingMatters() {
    assertThat(says("{}", "{a: 1}")).isFalse();
    assertThat(says("{a: {}}", "{a: {b: 1}}")).isFalse();
  }

  @Test
  void aListMustBeTheWholeList() {
    assertThat(says("{a: [1, 2]}", "{a: [1]}")).isFalse();
    assertThat(says("{a: [2, 1]}", "{a: [1, 2]}")).isFalse();
  }
}
