package dev.nacelle.apiserver.audit;

import dev.nacelle.base.bytes.Bytes;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of lines that is put aside when it is full, under a name with the time: {@code
 * audit-2026-01-02T15-04-05.000.log}. The oldest of those go. Safe for any thread: one writes at a
 * time.
 */
final class AuditLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSS").withZone(ZoneOffset.UTC);
  private static final int DEFAULT_MEGABYTES = 100;

  private final ReentrantLock lock = new ReentrantLock();
  private final Path file;
  private final long maxBytes;
  private final int maxBackups;
  private final int maxAgeDays;
  private final InstantSource clock;

  /** Not a channel: those close when a writer is interrupted, as handlers of requests are. */
  private OutputStream out;

  private long size;

  private AuditLog(Audit.Options options, InstantSource clock) throws IOException {
    this.file =
        options.log().toString().equals("-") ? options.log() : options.log().toAbsolutePath();
    int megabytes = options.maxSizeMegabytes() > 0 ? options.maxSizeMegabytes() : DEFAULT_MEGABYTES;
    this.maxBytes = megabytes * (1L << 20);
    this.maxBackups = options.maxBackups();
    this.maxAgeDays = options.maxAgeDays();
    this.clock = clock;
    this.out = opened();
  }

  static AuditLog open(Audit.Options options, InstantSource clock) throws IOException {
    return new AuditLog(options, clock);
  }

  private boolean isStandardOutput() {
    return file.toString().equals("-");
  }

  private OutputStream opened() throws IOException {
    if (isStandardOutput()) {
      size = 0;
      return new FileOutputStream(FileDescriptor.out);
    }
    Files.createDirectories(directory());
    if (!Files.exists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    size = Files.size(file);
    return new FileOutputStream(file.toFile(), true);
  }

  private Path directory() throws IOException {
    Path parent = file.getParent();
    if (parent == null) {
      throw new IOException("cannot write " + file + ": not a file name");
    }
    return parent;
  }

  /** Adds a line. */
  void append(Bytes line) throws IOException {
    byte[] bytes = Arrays.copyOf(line.unsafeArray(), line.sizeBytes() + 1);
    bytes[line.sizeBytes()] = '\n';
    lock.lock();
    try {
      if (size > 0 && size + bytes.length > maxBytes && !isStandardOutput()) {
        putAside();
      }
      out.write(bytes);
      size += bytes.length;
    } finally {
      lock.unlock();
    }
  }

  /** The full file stays in use where it cannot be put aside. */
  private void putAside() {
    try {
      if (Files.exists(file)) {
        Files.move(file, directory().resolve(prefix() + STAMP.format(clock.instant()) + suffix()));
      }
      OutputStream full = out;
      out = opened();
      full.close();
      forgetOld();
    } catch (IOException e) {
      LOG.warn("cannot put {} aside: {}", file, e.getMessage());
    }
  }

  private String name() {
    return String.valueOf(file.getFileName());
  }

  private String prefix() {
    String name = name();
    return name.substring(0, name.length() - suffix().length()) + "-";
  }

  private String suffix() {
    int dot = name().lastIndexOf('.');
    return dot < 0 ? "" : name().substring(dot);
  }

  /** A file that was put aside, and when. */
  private record Backup(Path path, Instant when) {}

  private void forgetOld() throws IOException {
    var backups = new ArrayList<Backup>();
    try (var entries = Files.newDirectoryStream(directory())) {
      for (Path entry : entries) {
        putAsideAt(entry).ifPresent(when -> backups.add(new Backup(entry, when)));
      }
    }
    backups.sort(Comparator.comparing(Backup::when).reversed());
    Instant oldest = clock.instant().minus(Duration.ofDays(maxAgeDays));
    for (int i = 0; i < backups.size(); i++) {
      boolean tooMany = maxBackups > 0 && i >= maxBackups;
      boolean tooOld = maxAgeDays > 0 && backups.get(i).when().isBefore(oldest);
      if (tooMany || tooOld) {
        Files.deleteIfExists(backups.get(i).path());
      }
    }
  }

  private Optional<Instant> putAsideAt(Path path) {
    String name = String.valueOf(path.getFileName());
    int stamp = name.length() - prefix().length() - suffix().length();
    if (stamp <= 0 || !name.startsWith(prefix()) || !name.endsWith(suffix())) {
      return Optional.empty();
    }
    try {
      String text = name.substring(prefix().length(), prefix().length() + stamp);
      return Optional.of(LocalDateTime.parse(text, STAMP).toInstant(ZoneOffset.UTC));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!isStandardOutput()) {
        out.close();
      }
    } catch (IOException e) {
      LOG.warn("cannot close {}: {}", file, e.getMessage());
    } finally {
      lock.unlock();
    }
  }
}
