package dev.nacelle.bench.api;

import dev.nacelle.bench.report.Command;
import dev.nacelle.bench.report.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Load by {@code h2load} over HTTP/1.1 and TLS, without pipelining, with a bearer token. */
final class H2load {
  private static final Pattern RATE = Pattern.compile("finished in [^,]+, ([0-9.]+) req/s");
  private static final Pattern CODES = Pattern.compile("status codes: ([0-9]+) 2xx");
  private static final Pattern COUNTS =
      Pattern.compile("([0-9]+) succeeded, ([0-9]+) failed, ([0-9]+) errored");

  private final String token;
  private final int connections;
  private final Path work;

  H2load(String token, int connections, Path work) {
    this.token = token;
    this.connections = connections;
    this.work = work;
  }

  /**
   * What came of it.
   *
   * @param millis of each request
   */
  record Result(double perSecond, long succeeded, long others, Samples millis) {}

  /**
   * Sends one and the same request again and again.
   *
   * @param body a file whose content is sent by POST; without it GETs are sent
   */
  Result run(String url, Optional<Path> body, Duration time)
      throws IOException, InterruptedException {
    Path log = work.resolve("h2load.log");
    List<String> command =
        new ArrayList<>(
            List.of(
                "h2load",
                "--h1",
                "--clients=" + connections,
                "--threads=1",
                "--duration=" + time.toSeconds(),
                "--log-file=" + log,
                "--header=authorization: Bearer " + token,
                "--header=accept: application/json"));
    body.ifPresent(
        file ->
            command.addAll(
                List.of("--header=content-type: application/json", "--data=" + file)));
    command.add(url);
    try {
      String output = Command.output(command);
      long succeeded = Long.parseLong(find(CODES, output).group(1));
      Matcher counts = find(COUNTS, output);
      long others = Long.parseLong(counts.group(2)) + Long.parseLong(counts.group(3));
      return new Result(
          Double.parseDouble(find(RATE, output).group(1)), succeeded, others, latencies(log));
    } finally {
      Files.deleteIfExists(log);
    }
  }

  private static Matcher find(Pattern pattern, String output) throws IOException {
    Matcher matcher = pattern.matcher(output);
    if (!matcher.find()) {
      throw new IOException("cannot read what h2load printed: " + output.strip());
    }
    return matcher;
  }

  /** Lines of start, status and microseconds. */
  private static Samples latencies(Path log) throws IOException {
    Samples samples = new Samples();
    try (var lines = Files.lines(log)) {
      lines.forEach(
          line -> samples.add(Long.parseLong(line.substring(line.lastIndexOf('\t') + 1)) / 1e3));
    }
    return samples;
  }
}
