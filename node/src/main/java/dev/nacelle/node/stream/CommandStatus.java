package dev.nacelle.node.stream;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;

/** How a remote command ended, as the {@code Status} that clients are told. */
final class CommandStatus {
  static final JsonObject SUCCESS =
      JsonObject.builder().put("metadata", JsonObject.EMPTY).put("status", "Success").build();

  private CommandStatus() {}

  static JsonObject exit(int code) {
    if (code == 0) {
      return SUCCESS;
    }
    JsonObject cause =
        JsonObject.builder()
            .put("reason", "ExitCode")
            .put("message", Integer.toString(code))
            .build();
    return failure(
            "command terminated with non-zero exit code: exit status " + code, "NonZeroExitCode")
        .put("details", causes(cause))
        .build();
  }

  /**
   * @param what such as "error executing command in container: no such file"
   */
  static JsonObject internalError(String what) {
    return failure("Internal error occurred: " + what, "InternalError")
        .put("details", causes(JsonObject.builder().put("message", what).build()))
        .put("code", Json.of(500))
        .build();
  }

  private static JsonObject.Builder failure(String message, String reason) {
    return JsonObject.builder()
        .put("metadata", JsonObject.EMPTY)
        .put("status", "Failure")
        .put("message", message)
        .put("reason", reason);
  }

  private static JsonObject causes(JsonObject cause) {
    return JsonObject.builder().put("causes", JsonArray.of(cause)).build();
  }

  static boolean isSuccess(JsonObject status) {
    return status.string("status").filter("Success"::equals).isPresent();
  }

  /** What clients are told that know no {@code Status}. */
  static String message(JsonObject status) {
    return status.string("message").orElse("");
  }
}
