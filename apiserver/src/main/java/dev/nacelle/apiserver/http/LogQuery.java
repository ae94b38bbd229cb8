package dev.nacelle.apiserver.http;

import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonWriter;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The rules of {@code PodLogOptions}. Source: ValidatePodLogOptions of Kubernetes. */
final class LogQuery {
  private static final GroupVersionKind KIND = new GroupVersionKind("", "v1", "PodLogOptions");
  private static final List<String> STREAMS = List.of("All", "Stderr", "Stdout");

  /** What upstream calls the empty path: rules about several fields. */
  private static final String WHOLE = "[]";

  private LogQuery() {}

  /**
   * @throws ApiException with code 400 if a parameter is not of its form, 422 if one breaks a rule
   */
  static void check(QueryParameters query, String pod) {
    OptionalLong sinceSeconds = number(query, "sinceSeconds");
    boolean hasSinceTime = hasTime(query);
    OptionalLong tailLines = number(query, "tailLines");
    OptionalLong limitBytes = number(query, "limitBytes");
    Optional<String> stream = query.first("stream");

    var errors = new ArrayList<FieldError>();
    if (tailLines.orElse(0) < 0) {
      errors.add(invalid("tailLines", tailLines, "must be greater than or equal to 0"));
    }
    if (limitBytes.orElse(1) < 1) {
      errors.add(invalid("limitBytes", limitBytes, "must be greater than 0"));
    }
    if (sinceSeconds.isPresent() && hasSinceTime) {
      errors.add(
          FieldError.forbidden(
              WHOLE, "at most one of `sinceTime` or `sinceSeconds` may be specified"));
    } else if (sinceSeconds.orElse(1) < 1) {
      errors.add(invalid("sinceSeconds", sinceSeconds, "must be greater than 0"));
    }
    stream
        .filter(s -> !STREAMS.contains(s))
        .ifPresent(s -> errors.add(FieldError.notSupported("stream", Json.of(s), STREAMS)));
    if (tailLines.isPresent() && stream.filter(s -> !s.equals("All")).isPresent()) {
      errors.add(
          FieldError.forbidden(
              WHOLE, "`tailLines` and specific `stream` are mutually exclusive for now"));
    }
    if (!errors.isEmpty()) {
      throw ApiException.invalid(KIND, pod, errors);
    }
  }

  private static FieldError invalid(String field, OptionalLong value, String detail) {
    return FieldError.invalid(field, Json.of(value.orElseThrow()), detail);
  }

  private static String quoted(String text) {
    return JsonWriter.write(Json.of(text)).toUtf8();
  }

  private static OptionalLong number(QueryParameters query, String name) {
    Optional<String> text = query.first(name).filter(t -> !t.isEmpty());
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Long.parseLong(text.get()));
    } catch (NumberFormatException e) {
      String why = text.get().matches("[+-]?\\d+") ? "value out of range" : "invalid syntax";
      throw ApiException.badRequest("strconv.ParseInt: parsing " + quoted(text.get()) + ": " + why);
    }
  }

  private static boolean hasTime(QueryParameters query) {
    Optional<String> text = query.first("sinceTime").filter(t -> !t.isEmpty());
    try {
      text.ifPresent(OffsetDateTime::parse);
      return text.isPresent();
    } catch (DateTimeException e) {
      throw ApiException.badRequest(
          "parsing time "
              + quoted(text.orElseThrow())
              + " as \"2006-01-02T15:04:05Z07:00\": cannot parse it: want RFC 3339");
    }
  }
}
