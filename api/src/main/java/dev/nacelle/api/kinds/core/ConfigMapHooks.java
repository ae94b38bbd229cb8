package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** What ConfigMaps do beyond their schema. */
final class ConfigMapHooks implements KindHooks {

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    var errors = new ArrayList<FieldError>();
    JsonObject json = object.json();
    KeyedData.keys(json, "data", errors);
    KeyedData.keys(json, "binaryData", errors);
    for (String key : json.object("data").members().keySet()) {
      if (json.object("binaryData").has(key)) {
        errors.add(
            FieldError.invalid(
                "data[" + key + "]", Json.of(key), "duplicate of key present in binaryData"));
      }
    }
    long size =
        KeyedData.textSizeBytes(json, "data")
            + KeyedData.decodedSizeBytes(json, "binaryData", errors);
    if (size > KeyedData.MAX_SIZE_BYTES) {
      // upstream's name of the empty path
      errors.add(FieldError.tooLong("[]", KeyedData.MAX_SIZE_BYTES));
    }
    return errors;
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    var errors = new ArrayList<>(validateCreate(context, object));
    KeyedData.frozen(object.json(), old.json(), List.of("data", "binaryData"), errors);
    return errors;
  }
}
