package dev.nacelle.api.kinds.shared;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonReader;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

class LabelSelectorsTest {
  @Test
  void wrongSelectorsAreNamedByField() {
    var errors = new ArrayList<FieldError>();
    LabelSelectors.validate(
        JsonReader.readObject(
            Bytes.utf8("{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"}]}")),
        "spec.selector",
        errors);
    assertThat(errors)
        .extracting(FieldError::message)
        .containsExactly(
            "spec.selector.matchExpressions[0].values: Required value: must be specified when"
                + " `operator` is 'In' or 'NotIn'");
  }
}
