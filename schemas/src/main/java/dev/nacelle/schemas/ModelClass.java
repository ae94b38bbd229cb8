package dev.nacelle.schemas;

import com.google.gson.annotations.SerializedName;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import io.kubernetes.client.custom.IntOrString;
import io.kubernetes.client.custom.Quantity;
import io.swagger.annotations.ApiModel;
import io.swagger.annotations.ApiModelProperty;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** One generated class as a schema. */
final class ModelClass {
  private final Class<?> type;
  private final Map<Class<?>, String> names;

  ModelClass(Class<?> type, Map<Class<?>, String> names) {
    this.type = type;
    this.names = names;
  }

  /**
   * The definition of this class: its own fields and required ones, each field as {@code older}
   * describes it where it does.
   */
  JsonObject join(JsonObject older) {
    var result = older.isEmpty() ? fresh() : older.toBuilder();
    var properties = JsonObject.builder();
    fields()
        .forEach(
            (name, field) -> {
              JsonObject known = older.object("properties", name);
              properties.put(name, known.isEmpty() ? property(field) : known);
            });
    JsonObject built = properties.build();
    if (built.isEmpty()) {
      result.remove("properties");
    } else {
      result.put("properties", built);
    }
    Set<String> required = required();
    if (required.isEmpty()) {
      result.remove("required");
    } else if (!required.equals(Set.copyOf(older.array("required").strings().toList()))) {
      result.put("required", JsonArray.ofStrings(required));
    }
    return result.build();
  }

  private JsonObject.Builder fresh() {
    ApiModel model = type.getAnnotation(ApiModel.class);
    return JsonObject.builder()
        .put("description", model == null ? "" : model.description())
        .put("type", "object");
  }

  private Map<String, Field> fields() {
    var result = new LinkedHashMap<String, Field>();
    for (Field field : type.getDeclaredFields()) {
      SerializedName name = field.getAnnotation(SerializedName.class);
      if (name != null) {
        result.put(name.value(), field);
      }
    }
    return result;
  }

  private JsonObject property(Field field) {
    JsonObject schema = schema(field.getGenericType());
    Optional<String> description = description(field);
    return description.isEmpty() ? schema : schema.with("description", Json.of(description.get()));
  }

  /** The description is at the getter, whose name is the field's without leading signs. */
  private Optional<String> description(Field field) {
    String wanted = "get" + field.getName().replaceAll("[^A-Za-z0-9]", "");
    for (Method method : type.getDeclaredMethods()) {
      ApiModelProperty property = method.getAnnotation(ApiModelProperty.class);
      if (property != null
          && method.getName().replaceAll("[^A-Za-z0-9]", "").equalsIgnoreCase(wanted)) {
        return Optional.of(property.value());
      }
    }
    return Optional.empty();
  }

  private JsonObject schema(Type javaType) {
    if (javaType instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      return generic.getRawType() == Map.class
          ? JsonObject.builder()
              .put("type", "object")
              .put("additionalProperties", schema(arguments[1]))
              .build()
          : JsonObject.builder().put("type", "array").put("items", schema(arguments[0])).build();
    }
    String definition = names.get((Class<?>) javaType);
    if (definition != null) {
      return reference(definition);
    }
    var plain = PLAIN.get(javaType);
    if (plain == null) {
      throw new IllegalStateException(type.getSimpleName() + ": no schema for " + javaType);
    }
    return plain;
  }

  private Set<String> required() {
    try {
      var result = new TreeSet<String>();
      for (Object name : (Set<?>) type.getField("openapiRequiredFields").get(null)) {
        result.add((String) name);
      }
      return result;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getSimpleName() + ": required fields are unknown", e);
    }
  }

  private static final Map<Type, JsonObject> PLAIN = new HashMap<>();

  static {
    PLAIN.put(String.class, typed("string", ""));
    PLAIN.put(Boolean.class, typed("boolean", ""));
    PLAIN.put(Integer.class, typed("integer", "int32"));
    PLAIN.put(Long.class, typed("integer", "int64"));
    PLAIN.put(Double.class, typed("number", "double"));
    PLAIN.put(byte[].class, typed("string", "byte"));
    PLAIN.put(Object.class, typed("object", ""));
    PLAIN.put(OffsetDateTime.class, reference("io.k8s.apimachinery.pkg.apis.meta.v1.Time"));
    PLAIN.put(IntOrString.class, reference("io.k8s.apimachinery.pkg.util.intstr.IntOrString"));
    PLAIN.put(Quantity.class, reference("io.k8s.apimachinery.pkg.api.resource.Quantity"));
  }

  private static JsonObject typed(String name, String format) {
    var result = JsonObject.builder().put("type", name);
    return format.isEmpty() ? result.build() : result.put("format", format).build();
  }

  private static JsonObject reference(String definition) {
    return JsonObject.builder().put("$ref", "#/definitions/" + definition).build();
  }
}
