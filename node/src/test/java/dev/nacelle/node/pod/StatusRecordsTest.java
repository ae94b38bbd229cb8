package dev.nacelle.node.pod;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.runtime.ContainerStatus;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class StatusRecordsTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  private static PodView pod(String entry) {
    return Pods.pod("containers: [{name: web}]", "containerStatuses: [{name: web, " + entry + "}]");
  }

  @Test
  void nothingIsKnownOfAPodWithoutStatus() {
    assertThat(StatusRecords.restore(Pods.pod("{}"), "web", Optional.empty(), NOW)).isEmpty();
  }

  @Test
  void containerThatRanAndIsNowhereIsLost() {
    ContainerRecord record =
        StatusRecords.restore(
                pod(
                    "restartCount: 4, containerID: \"nacelle://abc\", imageID: \"sha256:1\","
                        + " state: {running: {startedAt: \"2026-01-01T00:00:00Z\"}},"
                        + " lastState: {terminated: {exitCode: 2, reason: OOMKilled,"
                        + " finishedAt: \"2025-01-01T00:00:00Z\"}}"),
                "web",
                Optional.empty(),
                NOW)
            .orElseThrow();
    assertThat(record.restarts()).isEqualTo(4);
    assertThat(record.exitCode()).contains(137);
    assertThat(record.isOf("abc")).isTrue();
    assertThat(record.status().orElseThrow().exit().orElseThrow().reason())
        .isEqualTo(ContainerStatus.ExitReason.UNKNOWN);
    assertThat(record.previous().orElseThrow().status().exit().orElseThrow().reason())
        .isEqualTo(ContainerStatus.ExitReason.OOM_KILLED);
  }

  @Test
  void endThatTheStatusTellsIsTakenOver() {
    ContainerRecord record =
        StatusRecords.restore(
                pod(
                    "restartCount: 0, state: {terminated: {exitCode: 3, signal: 9, reason: Error,"
                        + " message: bye, finishedAt: \"2026-01-01T00:00:00Z\"}}"),
                "web",
                Optional.empty(),
                NOW)
            .orElseThrow();
    assertThat(record.exitCode()).contains(3);
    assertThat(record.current().orElseThrow().message()).isEqualTo("bye");
  }

  @Test
  void whatTheRuntimeKnowsGoesBeforeAndTheRestIsFilledIn() {
    ContainerRecord record =
        StatusRecords.restore(
                pod(
                    "restartCount: 2, started: true, ready: true,"
                        + " containerID: \"nacelle://id-web\", state: {running: {}},"
                        + " lastState: {terminated: {exitCode: 5}}"),
                "web",
                Optional.of(Pods.running("web")),
                NOW)
            .orElseThrow();
    assertThat(record.isRunning()).isTrue();
    assertThat(record.restarts()).isEqualTo(2);
    assertThat(record.probes()).isEqualTo(ContainerRecord.ProbeState.PASSED);
    assertThat(record.previous().orElseThrow().status().exit().orElseThrow().code()).isEqualTo(5);
  }

  @Test
  void probesOfAnotherAttemptSayNothing() {
    ContainerRecord record =
        StatusRecords.restore(
                pod("restartCount: 0, ready: true, containerID: \"nacelle://other\""),
                "web",
                Optional.of(Pods.running("web")),
                NOW)
            .orElseThrow();
    assertThat(record.probes()).isEqualTo(ContainerRecord.ProbeState.UNKNOWN);
  }
}
