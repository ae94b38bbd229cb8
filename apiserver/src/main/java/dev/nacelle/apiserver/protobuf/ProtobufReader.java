package dev.nacelle.apiserver.protobuf;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonSyntaxException;
import io.kubernetes.client.proto.Runtime;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Reads an object in Kubernetes' protobuf envelope as the JSON that the same object has. Zero
 * values that Go's encoder always writes are dropped where zero and absent mean the same.
 */
public final class ProtobufReader {
  public static final String MEDIA_TYPE = "application/vnd.kubernetes.protobuf";
  private static final byte[] MAGIC = {'k', '8', 's', 0};
  private static final int MAX_DEPTH = 100;
  private static final Descriptor ENVELOPE =
      Runtime.getDescriptor().findMessageTypeByName("Unknown");

  private ProtobufReader() {}

  /**
   * @throws JsonSyntaxException if it is no such envelope, or of a kind that is not known
   */
  public static JsonObject read(Bytes body) {
    byte[] bytes = body.unsafeArray();
    for (int i = 0; i < MAGIC.length; i++) {
      if (bytes.length <= i || bytes[i] != MAGIC[i]) {
        throw new JsonSyntaxException("provided data does not appear to be a protobuf message");
      }
    }
    try {
      // read without the generated classes: they refuse bounds on recursion
      Message unknown =
          DynamicMessage.parseFrom(
              ENVELOPE, ByteString.copyFrom(bytes, MAGIC.length, bytes.length - MAGIC.length));
      Message type = (Message) unknown.getField(ENVELOPE.findFieldByName("typeMeta"));
      var kind = GroupVersionKind.of(text(type, "apiVersion"), text(type, "kind"));
      Descriptor descriptor =
          ProtobufKinds.find(kind)
              .orElseThrow(
                  () ->
                      new JsonSyntaxException(
                          "no kind \""
                              + kind.kind()
                              + "\" is registered for version \""
                              + kind.apiVersion()
                              + "\" in protobuf"));
      ByteString raw = (ByteString) unknown.getField(ENVELOPE.findFieldByName("raw"));
      CodedInputStream in = raw.newCodedInput();
      in.setRecursionLimit(MAX_DEPTH);
      JsonObject content = object(DynamicMessage.parseFrom(descriptor, in));
      var result =
          JsonObject.builder().put("kind", kind.kind()).put("apiVersion", kind.apiVersion());
      content.members().forEach(result::put);
      return result.build();
    } catch (IOException e) {
      throw new JsonSyntaxException("cannot read the protobuf message: " + e.getMessage());
    }
  }

  private static String text(Message message, String field) {
    return String.valueOf(message.getField(message.getDescriptorForType().findFieldByName(field)));
  }

  private static JsonObject object(Message message) {
    var result = JsonObject.builder();
    message
        .getAllFields()
        .forEach(
            (field, value) -> {
              if (ProtobufKinds.isInlined(field)) {
                object((Message) value).members().forEach(result::put);
              } else {
                field(field, value).ifPresent(v -> result.put(ProtobufKinds.jsonName(field), v));
              }
            });
    return result.build();
  }

  private static Optional<Json> field(FieldDescriptor field, Object value) {
    if (field.isMapField()) {
      return Optional.of(map((List<?>) value));
    }
    if (field.isRepeated()) {
      var items = new ArrayList<Json>();
      for (Object item : (List<?>) value) {
        items.add(scalar(field, item).orElse(Json.nullValue()));
      }
      return Optional.of(new JsonArray(items));
    }
    return scalar(field, value).filter(v -> !ProtobufKinds.isIdleZero(field, v));
  }

  private static JsonObject map(List<?> entries) {
    var result = JsonObject.builder();
    for (Object each : entries) {
      Message entry = (Message) each;
      FieldDescriptor key = entry.getDescriptorForType().findFieldByNumber(1);
      FieldDescriptor value = entry.getDescriptorForType().findFieldByNumber(2);
      scalar(value, entry.getField(value))
          .ifPresent(v -> result.put(String.valueOf(entry.getField(key)), v));
    }
    return result.build();
  }

  private static Optional<Json> scalar(FieldDescriptor field, Object value) {
    return switch (field.getJavaType()) {
      case INT -> Optional.of(Json.of((long) (Integer) value));
      case LONG -> Optional.of(Json.of((Long) value));
      case FLOAT -> Optional.of(Json.of((double) (Float) value));
      case DOUBLE -> Optional.of(Json.of((Double) value));
      case BOOLEAN -> Optional.of(Json.of((Boolean) value));
      case STRING -> Optional.of(Json.of((String) value));
      case BYTE_STRING ->
          Optional.of(
              Json.of(Base64.getEncoder().encodeToString(((ByteString) value).toByteArray())));
      case ENUM -> throw new JsonSyntaxException("unexpected enumeration " + field.getName());
      case MESSAGE -> {
        Message message = (Message) value;
        yield ProtobufWellKnown.json(message).orElseGet(() -> Optional.of(object(message)));
      }
    };
  }
}
