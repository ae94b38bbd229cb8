package dev.nacelle.api.status;

import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.ResourceType;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * A request was refused; carries the {@link Status} that the client sees. Codes, reasons and
 * messages are upstream's.
 */
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Status status;

  public ApiException(Status status) {
    super(status.message(), null, false, false);
    this.status = status;
  }

  public Status status() {
    return status;
  }

  public int code() {
    return status.code();
  }

  public boolean isNotFound() {
    return code() == 404;
  }

  public boolean isConflict() {
    return code() == 409 && status.reason().equals("Conflict");
  }

  public boolean isAlreadyExists() {
    return code() == 409 && status.reason().equals("AlreadyExists");
  }

  /** The watch or list must begin anew: the asked revision is compacted. */
  public boolean isGone() {
    return code() == 410;
  }

  public static ApiException badRequest(String message) {
    return plain(400, "BadRequest", message);
  }

  public static ApiException unauthorized() {
    return plain(401, "Unauthorized", "Unauthorized");
  }

  public static ApiException forbidden(ResourceType type, String name, String message) {
    String about =
        name.isEmpty() ? type.groupResource() : type.groupResource() + " \"" + name + "\"";
    return about(403, "Forbidden", about + " is forbidden: " + message, type, name, List.of());
  }

  public static ApiException notFound(ResourceType type, String name) {
    return about(
        404,
        "NotFound",
        type.groupResource() + " \"" + name + "\" not found",
        type,
        name,
        List.of());
  }

  /** No such path. */
  public static ApiException notFound() {
    return plain(404, "NotFound", "the server could not find the requested resource");
  }

  public static ApiException methodNotAllowed(String message) {
    return plain(405, "MethodNotAllowed", message);
  }

  public static ApiException notAcceptable(String message) {
    return plain(406, "NotAcceptable", message);
  }

  public static ApiException alreadyExists(ResourceType type, String name) {
    return about(
        409,
        "AlreadyExists",
        type.groupResource() + " \"" + name + "\" already exists",
        type,
        name,
        List.of());
  }

  public static ApiException conflict(ResourceType type, String name, String why) {
    return about(
        409,
        "Conflict",
        "Operation cannot be fulfilled on " + type.groupResource() + " \"" + name + "\": " + why,
        type,
        name,
        List.of());
  }

  /** The object changed since the client read it. */
  public static ApiException modified(ResourceType type, String name) {
    return conflict(
        type,
        name,
        "the object has been modified; please apply your changes to the latest version and try again");
  }

  public static ApiException expired(String message) {
    return plain(410, "Expired", message);
  }

  public static ApiException tooLarge(String message) {
    return plain(413, "RequestEntityTooLarge", message);
  }

  public static ApiException unsupportedMediaType(String message) {
    return plain(415, "UnsupportedMediaType", message);
  }

  /** The object breaks the rules of its kind; the fields are named. */
  public static ApiException invalid(GroupVersionKind kind, String name, List<FieldError> errors) {
    String joined =
        errors.size() == 1
            ? errors.getFirst().message()
            : errors.stream().map(FieldError::message).collect(Collectors.joining(", ", "[", "]"));
    String qualified = kind.group().isEmpty() ? kind.kind() : kind.kind() + "." + kind.group();
    return new ApiException(
        new Status(
            422,
            "Invalid",
            qualified + " \"" + name + "\" is invalid: " + joined,
            new Status.Details(
                kind.group(),
                kind.kind(),
                name,
                "",
                errors.stream().map(FieldError::toCause).toList(),
                OptionalInt.empty())));
  }

  public static ApiException tooManyRequests(String message, int retryAfterSeconds) {
    return new ApiException(
        new Status(
            429,
            "TooManyRequests",
            message,
            new Status.Details("", "", "", "", List.of(), OptionalInt.of(retryAfterSeconds))));
  }

  public static ApiException internal(String message) {
    return plain(500, "InternalError", "Internal error occurred: " + message);
  }

  public static ApiException unavailable(String message) {
    return plain(503, "ServiceUnavailable", message);
  }

  public static ApiException timeout(String message) {
    return plain(504, "Timeout", message);
  }

  private static ApiException plain(int code, String reason, String message) {
    return new ApiException(new Status(code, reason, message, Status.Details.NONE));
  }

  private static ApiException about(
      int code,
      String reason,
      String message,
      ResourceType type,
      String name,
      List<Status.Cause> causes) {
    return new ApiException(
        new Status(
            code,
            reason,
            message,
            new Status.Details(
                type.group(), type.resource(), name, "", causes, OptionalInt.empty())));
  }
}
