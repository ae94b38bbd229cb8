package dev.nacelle.apiserver.audit;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.metrics.Counter;
import dev.nacelle.base.metrics.Metrics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes requests down as the policy wants it. An event is in the log's file before the request
 * goes on; one that cannot be written is counted, said once a while, and lost. Safe for any thread.
 */
public final class Audit implements AutoCloseable {
  /** Events above this go without their objects. */
  static final int MAX_EVENT_BYTES = 4 << 20;

  static final String TRUNCATED = "audit.k8s.io/truncated";

  private static final Logger LOG = LoggerFactory.getLogger(Audit.class);
  private static final long QUIET_NANOS = 60_000_000_000L;

  private final AuditPolicy policy;
  private final AuditLog log;
  private final InstantSource clock;
  private final Counter levels;
  private final Counter.Cell events;
  private final Counter.Cell errors;
  private long nextComplaint = System.nanoTime();

  /**
   * Where audit is read from and written to.
   *
   * @param policy a file
   * @param log a file, or {@code -} for the standard output
   * @param maxSizeMegabytes after which the file is put aside
   * @param maxBackups how many files that were put aside stay; 0 for all
   * @param maxAgeDays how long they stay; 0 for ever
   */
  public record Options(
      Path policy, Path log, int maxSizeMegabytes, int maxBackups, int maxAgeDays) {}

  private Audit(AuditPolicy policy, AuditLog log, InstantSource clock, Metrics metrics) {
    this.policy = policy;
    this.log = log;
    this.clock = clock;
    this.levels =
        metrics.counter(
            "apiserver_audit_level_total", "Requests by the level of the policy.", "level");
    this.events =
        metrics.counter("apiserver_audit_event_total", "Audit events that were made.").cell();
    this.errors =
        metrics
            .counter(
                "apiserver_audit_error_total", "Audit events that could not be written.", "plugin")
            .cell("log");
  }

  /**
   * Reads the policy and opens the log.
   *
   * @throws IllegalArgumentException if the policy is not valid; the message names the flag
   * @throws IOException if the log cannot be opened
   */
  public static Audit open(Options options, InstantSource clock, Metrics metrics)
      throws IOException {
    AuditPolicy policy = AuditPolicyFile.read(options.policy());
    return new Audit(policy, AuditLog.open(options, clock), clock, metrics);
  }

  /** Begins the trail of a request that has just come. */
  public AuditTrail begin(AuditRequest request) {
    AuditScope scope = policy.scopeOf(request.attributes());
    levels.increment(scope.level().text());
    return scope.level() == AuditLevel.NONE
        ? AuditTrail.NONE
        : new RequestTrail(this, scope, request, clock.instant()).begin();
  }

  Instant now() {
    return clock.instant();
  }

  void write(JsonObject event) {
    events.increment();
    Bytes line = JsonWriter.write(event);
    if (line.sizeBytes() > MAX_EVENT_BYTES) {
      line =
          JsonWriter.write(
              event
                  .without("requestObject")
                  .without("responseObject")
                  .withAt(Json.of("true"), "annotations", TRUNCATED));
    }
    try {
      log.append(line);
    } catch (IOException e) {
      errors.increment();
      complain(e);
    }
  }

  private synchronized void complain(IOException e) {
    long now = System.nanoTime();
    if (now - nextComplaint >= 0) {
      nextComplaint = now + QUIET_NANOS;
      LOG.error("audit events are lost: {}", e.getMessage());
    }
  }

  @Override
  public void close() {
    log.close();
  }
}
