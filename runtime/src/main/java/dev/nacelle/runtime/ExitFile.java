package dev.nacelle.runtime;

import dev.nacelle.base.json.JsonObject;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/** The exit file of a container, written by its monitor, by the keeper, or here after a reboot. */
record ExitFile(
    ContainerStatus.Exit exit, Optional<Instant> startedAt, Optional<Instant> firstOutputAt) {
  private static final int START_FAILED = 128;
  private static final int UNKNOWN = 255;

  static Optional<ExitFile> read(Path containerDirectory) {
    return RunDirectory.read(containerDirectory.resolve("exit")).map(ExitFile::of);
  }

  /** Writes down an end that nobody saw, or of a container that never started. */
  static void write(Path containerDirectory, int code, String message, Instant finishedAt) {
    RunDirectory.write(
        containerDirectory.resolve("exit"),
        JsonObject.builder()
            .put("exitCode", code)
            .put("signal", 0)
            .put("oom", false)
            .put("startedAt", 0)
            .put("firstOutputAt", 0)
            .put("finishedAt", nanos(finishedAt))
            .put("message", message)
            .build());
  }

  private static ExitFile of(JsonObject json) {
    int code = (int) json.integer("exitCode").orElse(UNKNOWN);
    int signal = (int) json.integer("signal").orElse(0);
    Optional<Instant> started = instant(json, "startedAt");
    var exit =
        new ContainerStatus.Exit(
            code,
            signal > 0 ? OptionalInt.of(signal) : OptionalInt.empty(),
            reason(code, json.bool("oom").orElse(false), started),
            json.string("message").orElse(""),
            instant(json, "finishedAt").orElse(Instant.EPOCH));
    return new ExitFile(exit, started, instant(json, "firstOutputAt"));
  }

  private static ContainerStatus.ExitReason reason(
      int code, boolean oom, Optional<Instant> started) {
    if (oom) {
      return ContainerStatus.ExitReason.OOM_KILLED;
    }
    if (code == 0) {
      return ContainerStatus.ExitReason.COMPLETED;
    }
    if (code == START_FAILED && started.isEmpty()) {
      return ContainerStatus.ExitReason.START_ERROR;
    }
    return code == UNKNOWN && started.isEmpty()
        ? ContainerStatus.ExitReason.UNKNOWN
        : ContainerStatus.ExitReason.ERROR;
  }

  private static long nanos(Instant at) {
    return at.getEpochSecond() * 1_000_000_000 + at.getNano();
  }

  private static Optional<Instant> instant(JsonObject json, String name) {
    long nanos = json.integer(name).orElse(0);
    return nanos == 0
        ? Optional.empty()
        : Optional.of(Instant.ofEpochSecond(nanos / 1_000_000_000, nanos % 1_000_000_000));
  }
}
