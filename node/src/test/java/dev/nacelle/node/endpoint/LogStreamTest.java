package dev.nacelle.node.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.QueryParameters;
import dev.nacelle.base.http.ResponseStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
final class LogStreamTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:01:00Z");
  private static final String TEXT =
      """
      2026-01-01T00:00:01.000000000Z stdout F one
      2026-01-01T00:00:02.000000000Z stderr F two
      2026-01-01T00:00:03.000000000Z stdout P thr
      2026-01-01T00:00:03.000000001Z stdout F ee
      2026-01-01T00:00:04.000000000Z stdout F\s
      """;

  @TempDir private Path directory;
  private Path log;

  @BeforeEach
  void writeLog() throws Exception {
    log = directory.resolve("0.log");
    Files.writeString(log, TEXT);
  }

  private String read(String query) throws Exception {
    var out = new Gathered();
    new LogStream(log, LogOptions.of(QueryParameters.parse(query), NOW), () -> false).send(out);
    assertThat(out.closed.get()).isTrue();
    return out.text();
  }

  @Test
  void linesComeWithoutTheirHeadsAndPartsAreJoined() throws Exception {
    assertThat(read("")).isEqualTo("one\ntwo\nthree\n\n");
  }

  @Test
  void timesStandOncePerLine() throws Exception {
    assertThat(read("timestamps=true&tailLines=3"))
        .isEqualTo("2026-01-01T00:00:03.000000000Z three\n2026-01-01T00:00:04.000000000Z \n");
  }

  @Test
  void tailCountsLinesOfTheFile() throws Exception {
    assertThat(read("tailLines=0")).isEmpty();
    assertThat(read("tailLines=1")).isEqualTo("\n");
    assertThat(read("tailLines=4")).isEqualTo("two\nthree\n\n");
    assertThat(read("tailLines=100")).isEqualTo("one\ntwo\nthree\n\n");
  }

  @Test
  void tailDoesNotCountALineThatIsStillBeingWritten() throws Exception {
    append("2026-01-01T00:00:05Z stdout F fi");
    assertThat(read("tailLines=1")).isEqualTo("\n");
    assertThat(read("tailLines=2")).isEqualTo("ee\n\n");
  }

  @Test
  void withoutFollowItEndsWhereTheLogEndedWhenItWasAskedFor() throws Exception {
    var out =
        new Gathered() {
          @Override
          public void write(Bytes bytes) {
            super.write(bytes);
            try {
              append("2026-01-01T00:00:05Z stdout F five\n");
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }
        };
    var options = LogOptions.of(QueryParameters.parse("tailLines=1"), NOW);
    new LogStream(log, options, () -> true).send(out);
    assertThat(out.text()).isEqualTo("\n");
  }

  @Test
  void sinceLeavesOutWhatIsOlder() throws Exception {
    assertThat(read("sinceTime=2026-01-01T00:00:03Z")).isEqualTo("three\n\n");
    assertThat(read("sinceSeconds=58")).isEqualTo("two\nthree\n\n");
  }

  @Test
  void streamAndBytesAreBounded() throws Exception {
    assertThat(read("stream=Stderr")).isEqualTo("two\n");
    assertThat(read("limitBytes=5")).isEqualTo("one\nt");
  }

  @Test
  void badParametersAreRefused() {
    assertThatThrownBy(() -> read("tailLines=x")).isInstanceOf(ApiException.class);
    assertThatThrownBy(() -> read("sinceTime=yesterday")).isInstanceOf(ApiException.class);
  }

  @Test
  void missingFileIsAnEmptyLog() throws Exception {
    Files.delete(log);
    assertThat(read("")).isEmpty();
  }

  @Test
  void followSeesNewLinesRotationAndTheEnd() throws Exception {
    var out = new Gathered();
    var running = new AtomicBoolean(true);
    var options = LogOptions.of(QueryParameters.parse("follow=true&tailLines=1"), NOW);
    Thread reader =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    new LogStream(log, options, running::get).send(out);
                  } catch (Exception e) {
                    throw new IllegalStateException(e);
                  }
                });
    out.await("\n");
    append("2026-01-01T00:00:05Z stdout F five\n");
    out.await("\nfive\n");
    Files.move(log, directory.resolve("0.log.1"));
    Files.writeString(
        directory.resolve("0.log.1"),
        "2026-01-01T00:00:06Z stdout F six\n",
        StandardOpenOption.APPEND);
    Path next = directory.resolve("next");
    Files.writeString(next, "2026-01-01T00:00:07Z stdout F seven\n");
    Files.move(next, log, StandardCopyOption.ATOMIC_MOVE);
    out.await("\nfive\nsix\nseven\n");
    append("2026-01-01T00:00:08Z stdout F last\n");
    running.set(false);
    reader.join();
    assertThat(out.text()).isEqualTo("\nfive\nsix\nseven\nlast\n");
  }

  private void append(String line) throws Exception {
    Files.writeString(log, line, StandardOpenOption.APPEND);
  }

  /** Takes what is sent. */
  private static class Gathered implements ResponseStream {
    private final StringBuffer text = new StringBuffer();
    private final AtomicBoolean closed = new AtomicBoolean();

    String text() {
      return text.toString();
    }

    void await(String wanted) {
      long end = System.nanoTime() + 20_000_000_000L;
      while (!text().equals(wanted)) {
        assertThat(System.nanoTime()).as("waited in vain, have: %s", text()).isLessThan(end);
        LockSupport.parkNanos(1_000_000);
      }
    }

    @Override
    public void write(Bytes bytes) {
      text.append(bytes.toUtf8());
    }

    @Override
    public void flush() {}

    @Override
    public boolean isClosed() {
      return closed.get();
    }

    @Override
    public void onClose(Runnable action) {}

    @Override
    public void close() {
      closed.set(true);
    }

    @Override
    public void abort() {
      closed.set(true);
    }
  }
}
