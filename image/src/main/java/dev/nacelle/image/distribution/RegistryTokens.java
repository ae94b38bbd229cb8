package dev.nacelle.image.distribution;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.image.distribution.RegistryAccess.Action;
import dev.nacelle.image.distribution.RegistryAccess.Caller;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The registry's own bearer tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA256, with the
 * claims of Docker's token specification. Safe for any thread.
 */
final class RegistryTokens {
  static final Duration LIFE = Duration.ofMinutes(5);

  private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();
  private static final String HEADER = encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");

  private final Bytes key;
  private final String service;
  private final Clock clock;

  RegistryTokens(Bytes key, String service, Clock clock) {
    if (key.sizeBytes() < 32) {
      throw new IllegalArgumentException("the key of registry tokens needs 32 bytes");
    }
    this.key = key;
    this.service = service;
    this.clock = clock;
  }

  /** What a token says: who, and what for. */
  record Token(Caller caller, Map<String, Set<Action>> grants) {
    Token {
      grants = Map.copyOf(grants);
    }

    boolean grants(RepositoryName repository, Set<Action> actions) {
      return grants.getOrDefault(repository.value(), Set.of()).containsAll(actions);
    }
  }

  /** True for texts that only this class makes; others are somebody else's tokens. */
  static boolean isOwn(String text) {
    return text.startsWith(HEADER + ".");
  }

  String issue(Token token, Instant now) {
    var access = new ArrayList<Json>();
    new TreeMap<>(token.grants())
        .forEach(
            (name, actions) ->
                access.add(
                    JsonObject.builder()
                        .put("type", "repository")
                        .put("name", name)
                        .put("actions", names(actions))
                        .build()));
    JsonObject claims =
        JsonObject.builder()
            .put("iss", service)
            .put("aud", service)
            .put("sub", token.caller().name())
            .put("groups", JsonArray.ofStrings(token.caller().groups()))
            .put("iat", now.getEpochSecond())
            .put("nbf", now.getEpochSecond())
            .put("exp", now.plus(LIFE).getEpochSecond())
            .put("access", new JsonArray(access))
            .build();
    String signed = HEADER + "." + encode(JsonWriter.write(claims).toUtf8());
    return signed + "." + ENCODER.encodeToString(sign(signed));
  }

  static JsonArray names(Set<Action> actions) {
    return JsonArray.ofStrings(
        actions.stream().sorted().map(a -> a.name().toLowerCase(Locale.ROOT)).toList());
  }

  static Set<Action> actions(Iterable<String> names) {
    var actions = EnumSet.noneOf(Action.class);
    for (String name : names) {
      switch (name) {
        case "pull" -> actions.add(Action.PULL);
        case "push" -> actions.add(Action.PUSH);
        case "delete" -> actions.add(Action.DELETE);
        case "trace" -> actions.add(Action.TRACE);
        case "*" -> actions.addAll(EnumSet.allOf(Action.class));
        default -> {}
      }
    }
    return actions;
  }

  /** Empty where the token is forged, broken, for another service, or out of date. */
  Optional<Token> verify(String text) {
    int last = text.lastIndexOf('.');
    if (!isOwn(text) || last <= HEADER.length()) {
      return Optional.empty();
    }
    try {
      byte[] signature = Base64.getUrlDecoder().decode(text.substring(last + 1));
      if (!MessageDigest.isEqual(signature, sign(text.substring(0, last)))) {
        return Optional.empty();
      }
      byte[] claims = Base64.getUrlDecoder().decode(text.substring(HEADER.length() + 1, last));
      return read(JsonReader.readObject(Bytes.wrap(claims)));
    } catch (IllegalArgumentException | JsonSyntaxException e) {
      return Optional.empty();
    }
  }

  private Optional<Token> read(JsonObject claims) {
    long now = clock.instant().getEpochSecond();
    if (!claims.string("aud").orElse("").equals(service)
        || claims.integer("exp").orElse(0) <= now
        || claims.integer("nbf").orElse(Long.MAX_VALUE) > now) {
      return Optional.empty();
    }
    var grants = new TreeMap<String, Set<Action>>();
    claims
        .array("access")
        .objects()
        .forEach(
            entry ->
                grants.put(
                    entry.string("name").orElse(""),
                    actions(entry.array("actions").strings().toList())));
    List<String> groups = claims.array("groups").strings().toList();
    return Optional.of(new Token(new Caller(claims.string("sub").orElse(""), groups), grants));
  }

  private byte[] sign(String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.unsafeArray(), "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HMAC-SHA256", e);
    }
  }

  private static String encode(String text) {
    return ENCODER.encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
