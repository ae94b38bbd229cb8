package dev.nacelle.apiserver.http;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.apiserver.pipeline.ContinueExpiredException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.util.List;

/** Writes whole replies with the headers that all of them have. */
final class Replies {
  private static final List<String> FOR_PEOPLE = List.of("curl", "Wget", "Mozilla/5.0");

  private Replies() {}

  static void json(HttpExchange exchange, Call call, int code, Bytes compact) {
    send(exchange, call, code, call.mediaType(), readable(exchange, compact));
  }

  /** With line breaks where a person reads it. */
  private static Bytes readable(HttpExchange exchange, Bytes compact) {
    boolean pretty =
        exchange.query().contains("pretty")
            ? exchange.query().flag("pretty")
            : exchange
                .headers()
                .first("user-agent")
                .filter(agent -> FOR_PEOPLE.stream().anyMatch(agent::startsWith))
                .isPresent();
    return pretty ? PrettyJson.of(compact) : compact;
  }

  static void json(HttpExchange exchange, Call call, int code, JsonObject body) {
    json(exchange, call, code, JsonWriter.write(body));
  }

  static void text(HttpExchange exchange, Call call, int code, String text) {
    send(exchange, call, code, "text/plain; charset=utf-8", Bytes.utf8(text));
  }

  static void send(HttpExchange exchange, Call call, int code, String mediaType, Bytes body) {
    exchange.respond(code, headers(call, mediaType).build(), body);
  }

  static Headers.Builder headers(Call call, String mediaType) {
    var headers =
        Headers.builder()
            .add("audit-id", call.auditId())
            .add("cache-control", "no-cache, private")
            .add("content-type", mediaType);
    for (String warning : call.warningHeaders()) {
      headers.add("warning", warning);
    }
    return headers;
  }

  /** A failure as a Status. */
  static void failure(HttpExchange exchange, Call call, ApiException failure) {
    status(exchange, call, failure.status(), failure.status().toJson());
  }

  static void failure(HttpExchange exchange, Call call, ContinueExpiredException failure) {
    JsonObject body =
        failure
            .status()
            .toJson()
            .with("metadata", JsonObject.builder().put("continue", failure.token()).build());
    status(exchange, call, failure.status(), body);
  }

  private static void status(HttpExchange exchange, Call call, Status status, JsonObject body) {
    var headers = headers(call, Accepted.JSON);
    status
        .details()
        .retryAfterSeconds()
        .ifPresent(seconds -> headers.set("retry-after", Integer.toString(seconds)));
    exchange.respond(status.code(), headers.build(), readable(exchange, JsonWriter.write(body)));
  }

  /** A plain success. */
  static JsonObject success(JsonObject details) {
    var body =
        JsonObject.builder()
            .put("kind", "Status")
            .put("apiVersion", "v1")
            .put("metadata", JsonObject.EMPTY)
            .put("status", "Success");
    if (!details.isEmpty()) {
      body.put("details", (Json) details);
    }
    return body.build();
  }
}
