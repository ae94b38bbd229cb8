package dev.nacelle.apiserver.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.bytes.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {
  private static final Bytes HALF = Bytes.utf8("x".repeat((1 << 19) - 1));

  @TempDir Path directory;
  private Instant now = Instant.parse("2026-01-02T03:04:05Z");

  private AuditLog open(int backups, int days) throws IOException {
    InstantSource clock = () -> now;
    return AuditLog.open(
        new Audit.Options(directory, directory.resolve("logs/audit.log"), 1, backups, days), clock);
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(directory.resolve("logs"))) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Test
  void fullFileIsPutAsideAndTheOldestGo() throws IOException {
    try (AuditLog log = open(2, 0)) {
      for (int i = 0; i < 9; i++) {
        log.append(HALF);
        now = now.plus(Duration.ofHours(1));
      }
    }
    assertThat(names())
        .containsExactly(
            "audit-2026-01-02T09-04-05.000.log", "audit-2026-01-02T11-04-05.000.log", "audit.log");
    assertThat(Files.size(directory.resolve("logs/audit.log"))).isEqualTo(1 << 19);
    assertThat(Files.size(directory.resolve("logs/audit-2026-01-02T11-04-05.000.log")))
        .isEqualTo(1 << 20);
  }

  @Test
  void oldFilesGoByTheirAgeAndNobodyElsesDo() throws IOException {
    Files.createDirectories(directory.resolve("logs"));
    Files.writeString(directory.resolve("logs/audit-of-somebody.log"), "kept");
    try (AuditLog log = open(0, 3)) {
      for (int i = 0; i < 9; i++) {
        log.append(HALF);
        now = now.plus(Duration.ofDays(1));
      }
    }
    assertThat(names())
        .containsExactly(
            "audit-2026-01-08T03-04-05.000.log",
            "audit-2026-01-10T03-04-05.000.log",
            "audit-of-somebody.log",
            "audit.log");
  }

  @Test
  void whatIsThereIsGoneOnWithAndNobodyElseReadsIt() throws IOException {
    try (AuditLog log = open(0, 0)) {
      log.append(Bytes.utf8("one"));
    }
    try (AuditLog log = open(0, 0)) {
      // a handler of a request may be interrupted at any time: the log stays usable
      Thread.currentThread().interrupt();
      log.append(Bytes.utf8("two"));
      assertThat(Thread.interrupted()).isTrue();
      log.append(Bytes.utf8("three"));
    }
    Path file = directory.resolve("logs/audit.log");
    assertThat(file).hasContent("one\ntwo\nthree");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }
}
