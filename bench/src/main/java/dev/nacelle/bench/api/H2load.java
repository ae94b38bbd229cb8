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
  private static final Pattern CODES =
      Pattern.compile("status codes: ([0-9]+) 2xx, ([0-9]+) 3xx, ([0-9]+) 4xx, ([0-9]+) 5xx");
  private static final Pattern TRAFFIC = Pattern.compile("traffic: [^(]*\\(([0-9]+)\\) total");
  private static final Pattern COUNTS =
      Pattern.compile("[0-9]+ succeeded, ([0-9]+) failed, ([0-9]+) errored, ([0-9]+) timeout");

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
   * @param perSecond answers with a status of 2xx
   * @param others requests that were answered otherwise or not at all
   * @param bytes received, without TLS
   * @param millis of each request
   */
  record Result(double perSecond, long succeeded, long others, long bytes, Samples millis) {}

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
            command.addAll(List.of("--header=content-type: application/json", "--data=" + file)));
    command.add(url);
    try {
      String output = Command.output(command);
      Matcher codes = find(CODES, output);
      Matcher counts = find(COUNTS, output);
      long succeeded = Long.parseLong(codes.group(1));
      return new Result(
          (double) succeeded / time.toSeconds(),
          succeeded,
          sum(counts) + sum(codes) - succeeded,
          Long.parseLong(find(TRAFFIC, output).group(1)),
          latencies(log));
    } finally {
      Files.deleteIfExists(log);
    }
  }

  private static long sum(Matcher numbers) {
    long sum = 0;
    for (int i = 1; i <= numbers.groupCount(); i++) {
      sum += Long.parseLong(numbers.group(i));
    }
    return sum;
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
