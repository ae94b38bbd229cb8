package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.client.WriteOptions.DryRun;
import dev.nacelle.api.client.WriteOptions.FieldValidation;
import dev.nacelle.api.client.WriteOptions.Force;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.apiserver.pipeline.DeleteBodies;
import dev.nacelle.apiserver.pipeline.WatchOptions;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Reads the options of requests from their query. */
final class Query {
  private static final int MAX_MANAGER = 128;

  private Query() {}

  static ListOptions list(QueryParameters query, String namespace) {
    return new ListOptions(
        namespace,
        query.first("labelSelector").orElse(""),
        query.first("fieldSelector").orElse(""),
        query.first("resourceVersion").orElse(""),
        query.first("resourceVersionMatch").orElse(""),
        number(query, "limit").orElse(0L),
        query.first("continue").orElse(""));
  }

  static WatchOptions watch(QueryParameters query) {
    WatchOptions.Initial initial =
        query
            .first("sendInitialEvents")
            .map(
                v ->
                    query.flag("sendInitialEvents")
                        ? WatchOptions.Initial.YES
                        : WatchOptions.Initial.NO)
            .orElse(WatchOptions.Initial.UNSPECIFIED);
    return new WatchOptions(
        initial,
        query.flag("allowWatchBookmarks") ? WatchOptions.Bookmarks.YES : WatchOptions.Bookmarks.NO);
  }

  static Optional<Duration> timeout(QueryParameters query) {
    return number(query, "timeoutSeconds").filter(s -> s > 0).map(Duration::ofSeconds);
  }

  /**
   * @param optionsKind CreateOptions, UpdateOptions or PatchOptions, for messages
   */
  static WriteOptions write(QueryParameters query, String subresource, String optionsKind) {
    String manager = query.first("fieldManager").orElse("");
    if (manager.length() > MAX_MANAGER) {
      throw invalid(optionsKind, FieldError.tooLong("fieldManager", MAX_MANAGER));
    }
    return new WriteOptions(
        manager,
        subresource,
        dryRun(query.all("dryRun"), optionsKind),
        query.flag("force") ? Force.YES : Force.NO,
        validation(query.first("fieldValidation").orElse(""), optionsKind));
  }

  static DryRun dryRun(List<String> values, String optionsKind) {
    if (values.isEmpty()) {
      return DryRun.NONE;
    }
    if (!values.stream().allMatch("All"::equals)) {
      throw invalid(
          optionsKind,
          FieldError.notSupported("dryRun", JsonArray.ofStrings(values), List.of("All")));
    }
    return DryRun.ALL;
  }

  private static FieldValidation validation(String value, String optionsKind) {
    return switch (value) {
      case "", "Warn" -> FieldValidation.WARN;
      case "Ignore" -> FieldValidation.IGNORE;
      case "Strict" -> FieldValidation.STRICT;
      default ->
          throw invalid(
              optionsKind,
              FieldError.notSupported(
                  "fieldValidation", Json.of(value), List.of("", "Ignore", "Strict", "Warn")));
    };
  }

  /** Delete options from the query, over which those of the body go. */
  static JsonObject delete(QueryParameters query, JsonObject body) {
    var result = JsonObject.builder();
    number(query, "gracePeriodSeconds").ifPresent(n -> result.put("gracePeriodSeconds", n));
    query.first("propagationPolicy").ifPresent(p -> result.put("propagationPolicy", p));
    query
        .first("orphanDependents")
        .ifPresent(o -> result.put("orphanDependents", query.flag("orphanDependents")));
    if (query.contains("dryRun")) {
      result.put("dryRun", JsonArray.ofStrings(query.all("dryRun")));
    }
    body.members().forEach(result::put);
    return result.build();
  }

  static DeleteOptions deleteOptions(JsonObject options) {
    return DeleteBodies.of(options);
  }

  private static Optional<Long> number(QueryParameters query, String name) {
    return query
        .first(name)
        .filter(text -> !text.isEmpty())
        .map(
            text -> {
              try {
                return Long.parseLong(text);
              } catch (NumberFormatException e) {
                throw ApiException.badRequest(
                    name + ": strconv.ParseInt: parsing \"" + text + "\": invalid syntax");
              }
            });
  }

  private static ApiException invalid(String optionsKind, FieldError error) {
    return ApiException.invalid(
        new GroupVersionKind("meta.k8s.io", "v1", optionsKind), "", List.of(error));
  }
}
