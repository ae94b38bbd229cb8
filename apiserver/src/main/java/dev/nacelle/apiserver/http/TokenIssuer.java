package dev.nacelle.apiserver.http;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * Lets others verify service-account tokens: OpenID Connect Discovery 1.0 and the key set of RFC
 * 7517. Source: routes/openidmetadata.go of Kubernetes.
 */
public final class TokenIssuer {
  static final String CONFIGURATION = "/.well-known/openid-configuration";
  static final String KEYS = "/openid/v1/jwks";

  private final String issuer;
  private final JsonObject keySet;
  private final String address;
  private final IntSupplier port;

  /**
   * @param keySet the public keys, as a JSON Web Key Set
   * @param address under which others reach this server
   */
  public TokenIssuer(String issuer, JsonObject keySet, String address, IntSupplier port) {
    this.issuer = issuer;
    this.keySet = keySet;
    this.address = address;
    this.port = port;
  }

  void configuration(HttpExchange exchange, Call call) {
    List<String> algorithms =
        keySet
            .array("keys")
            .objects()
            .map(key -> key.string("alg").orElse(""))
            .distinct()
            .sorted()
            .toList();
    send(
        exchange,
        call,
        "application/json",
        JsonObject.builder()
            .put("issuer", issuer)
            .put("jwks_uri", "https://" + address + ":" + port.getAsInt() + KEYS)
            .put("response_types_supported", JsonArray.ofStrings(List.of("id_token")))
            .put("subject_types_supported", JsonArray.ofStrings(List.of("public")))
            .put("id_token_signing_alg_values_supported", JsonArray.ofStrings(algorithms))
            .build());
  }

  void keys(HttpExchange exchange, Call call) {
    send(exchange, call, "application/jwk-set+json", keySet);
  }

  private static void send(HttpExchange exchange, Call call, String mediaType, JsonObject body) {
    Bytes text = JsonWriter.write(body);
    var headers = Replies.headers(call, mediaType).set("cache-control", "public, max-age=3600");
    exchange.respond(200, headers.build(), text);
  }
}
