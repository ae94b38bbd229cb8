package dev.nacelle.node.endpoint;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.http.QueryParameters;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.OptionalLong;

/** {@code PodLogOptions}, of which the API server has checked the combinations. */
record LogOptions(
    boolean follow,
    boolean timestamps,
    OptionalLong tailLines,
    OptionalLong limitBytes,
    Optional<Instant> since,
    String stream) {

  /**
   * @throws ApiException if a parameter is not of its form
   */
  static LogOptions of(QueryParameters query, Instant now) {
    Optional<Instant> since = query.first("sinceTime").map(LogOptions::time);
    OptionalLong seconds = number(query, "sinceSeconds");
    if (seconds.isPresent()) {
      since = Optional.of(now.minusSeconds(seconds.getAsLong()));
    }
    return new LogOptions(
        query.flag("follow"),
        query.flag("timestamps"),
        number(query, "tailLines"),
        number(query, "limitBytes"),
        since,
        query.first("stream").orElse("All"));
  }

  private static Instant time(String text) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw ApiException.badRequest("invalid sinceTime: want RFC 3339, got \"" + text + "\"");
    }
  }

  private static OptionalLong number(QueryParameters query, String name) {
    Optional<String> text = query.first(name).filter(t -> !t.isEmpty());
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.parseLong(text.get()));
    } catch (NumberFormatException e) {
      throw ApiException.badRequest(
          "invalid " + name + ": want a number, got \"" + text.get() + "\"");
    }
  }
}
