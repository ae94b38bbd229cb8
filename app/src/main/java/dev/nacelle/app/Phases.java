package dev.nacelle.app;

import dev.nacelle.base.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/** How long each part took to start. Safe for any thread. */
final class Phases {
  private final Map<String, Long> millis = new LinkedHashMap<>();
  private final long began = System.nanoTime();

  /** Something that may fail as a start may. */
  interface Step<T> {
    T run() throws Exception;
  }

  /** Runs a part's start and notes its time; a failure names the part. */
  <T> T time(String part, Step<T> step) throws StartException, InterruptedException {
    long start = System.nanoTime();
    try {
      return step.run();
    } catch (StartException | InterruptedException e) {
      throw e;
    } catch (Exception e) {
      throw new StartException("cannot start the " + part + ": " + e.getMessage(), e);
    } finally {
      synchronized (millis) {
        millis.merge(part, (System.nanoTime() - start) / 1_000_000, Long::sum);
      }
    }
  }

  long totalMillis() {
    return (System.nanoTime() - began) / 1_000_000;
  }

  /** One line: {@code store 80 ms, api 210 ms, ...}. */
  String summary() {
    synchronized (millis) {
      var text = new StringBuilder();
      millis.forEach(
          (part, ms) ->
              text.append(text.isEmpty() ? "" : ", ")
                  .append(part)
                  .append(' ')
                  .append(ms)
                  .append(" ms"));
      return text.toString();
    }
  }

  JsonObject parts() {
    var result = JsonObject.builder();
    synchronized (millis) {
      millis.forEach(
          (part, ms) ->
              result.put(
                  part,
                  JsonObject.builder().put("state", "running").put("startMillis", ms).build()));
    }
    return result.build();
  }
}
