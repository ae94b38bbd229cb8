package dev.nacelle.apiserver.http;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.pipeline.Body;
import dev.nacelle.apiserver.protobuf.ProtobufReader;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.BodyTooLargeException;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.YamlReader;
import java.io.IOException;
import java.util.Locale;

/** Reads the bodies of requests, bounded. */
final class BodyReader {
  static final int MAX_BYTES = 3 << 20;

  private BodyReader() {}

  /** The body of a create or an update, in JSON or YAML. */
  static Body object(HttpExchange exchange) throws IOException, InterruptedException {
    Bytes text = text(exchange);
    return switch (mediaType(exchange)) {
      case "", "application/json" -> json(text);
      case "application/yaml" -> yaml(text);
      case ProtobufReader.MEDIA_TYPE -> protobuf(text);
      case String other ->
          throw ApiException.unsupportedMediaType(
              "the body of the request was in an unknown format - accepted media types include:"
                  + " application/json, application/yaml, application/vnd.kubernetes.protobuf");
    };
  }

  /** A body that may be absent, such as delete options. */
  static JsonObject optional(HttpExchange exchange) throws IOException, InterruptedException {
    Bytes text = text(exchange);
    if (text.isEmpty()) {
      return JsonObject.EMPTY;
    }
    Body body =
        switch (mediaType(exchange)) {
          case "application/yaml" -> yaml(text);
          case ProtobufReader.MEDIA_TYPE -> protobuf(text);
          default -> json(text);
        };
    return body.json() instanceof JsonObject object ? object : JsonObject.EMPTY;
  }

  static Body json(Bytes text) {
    try {
      var parsed = JsonReader.readNotingDuplicates(text);
      return new Body(parsed.value(), parsed.duplicates());
    } catch (JsonSyntaxException e) {
      throw ApiException.badRequest(
          "couldn't get version/kind; json parse error: " + e.getMessage());
    }
  }

  /** A patch in JSON. */
  static Json patch(Bytes text) {
    try {
      return JsonReader.read(text);
    } catch (JsonSyntaxException e) {
      throw ApiException.badRequest("error decoding patch: " + e.getMessage());
    }
  }

  static Body yaml(Bytes text) {
    try {
      // clients send JSON as YAML too, and JSON is read faster
      var parsed =
          text.isEmpty() || text.at(0) != '{'
              ? YamlReader.readNotingDuplicates(text)
              : JsonReader.readNotingDuplicates(text);
      return new Body(parsed.value(), parsed.duplicates());
    } catch (JsonSyntaxException e) {
      throw ApiException.badRequest("error decoding YAML: " + e.getMessage());
    }
  }

  private static Body protobuf(Bytes body) {
    try {
      return Body.of(ProtobufReader.read(body));
    } catch (JsonSyntaxException e) {
      throw ApiException.badRequest(String.valueOf(e.getMessage()));
    }
  }

  static Bytes text(HttpExchange exchange) throws IOException, InterruptedException {
    try {
      return exchange.body(MAX_BYTES);
    } catch (BodyTooLargeException e) {
      throw ApiException.tooLarge("Request entity too large: limit is " + MAX_BYTES);
    }
  }

  static String mediaType(HttpExchange exchange) {
    String header = exchange.headers().first("content-type").orElse("");
    int end = header.indexOf(';');
    return (end < 0 ? header : header.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }
}
