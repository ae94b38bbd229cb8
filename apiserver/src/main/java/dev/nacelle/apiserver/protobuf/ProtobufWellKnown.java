package dev.nacelle.apiserver.protobuf;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonReader;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The messages whose JSON form is not an object of their fields. */
final class ProtobufWellKnown {
  private ProtobufWellKnown() {}

  /** Empty for an ordinary message; else the value, which is empty where it is absent. */
  static Optional<Optional<Json>> json(Message message) {
    return switch (message.getDescriptorForType().getName()) {
      case "Time" -> Optional.of(instant(message).map(i -> Json.of(KubeObject.formatTime(i))));
      case "MicroTime" ->
          Optional.of(instant(message).map(i -> Json.of(KubeObject.formatMicroTime(i))));
      case "Quantity" -> Optional.of(Optional.of(Json.of(text(message, "string"))));
      case "IntOrString" ->
          Optional.of(
              Optional.of(
                  number(message, "type") == 0
                      ? Json.of(number(message, "intVal"))
                      : Json.of(text(message, "strVal"))));
      case "RawExtension", "JSON" -> Optional.of(raw(message, "raw"));
      case "FieldsV1" -> Optional.of(raw(message, "Raw"));
      case "Verbs", "ExtraValue", "OptionalStringArray" -> Optional.of(Optional.of(items(message)));
      case "Duration" -> Optional.of(Optional.of(Json.of(duration(number(message, "duration")))));
      default -> Optional.empty();
    };
  }

  private static Optional<Instant> instant(Message message) {
    if (message.getAllFields().isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          Instant.ofEpochSecond(number(message, "seconds"), number(message, "nanos")));
    } catch (DateTimeException e) {
      throw new dev.nacelle.base.json.JsonSyntaxException("a time is out of range");
    }
  }

  private static Optional<Json> raw(Message message, String field) {
    ByteString bytes =
        (ByteString) message.getField(message.getDescriptorForType().findFieldByName(field));
    return bytes.isEmpty()
        ? Optional.empty()
        : Optional.of(JsonReader.read(Bytes.wrap(bytes.toByteArray())));
  }

  private static Json items(Message message) {
    var items = new ArrayList<Json>();
    var field = message.getDescriptorForType().findFieldByName("items");
    for (Object item : (List<?>) message.getField(field)) {
      items.add(Json.of(String.valueOf(item)));
    }
    return new JsonArray(items);
  }

  private static String text(Message message, String field) {
    return String.valueOf(message.getField(message.getDescriptorForType().findFieldByName(field)));
  }

  private static long number(Message message, String field) {
    return ((Number) message.getField(message.getDescriptorForType().findFieldByName(field)))
        .longValue();
  }

  /** As Go writes a duration of whole seconds; smaller parts as a decimal of seconds. */
  private static String duration(long nanos) {
    long seconds = nanos / 1_000_000_000;
    long rest = Math.abs(nanos % 1_000_000_000);
    String whole = Long.toString(seconds);
    return rest == 0
        ? whole + "s"
        : whole + "." + "%09d".formatted(rest).replaceAll("0+$", "") + "s";
  }
}
