package dev.nacelle.bench.platform;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** An open watch over HTTPS; for one thread. */
public final class Watch implements AutoCloseable {
  /** One line of the stream. */
  public record Event(String type, JsonObject object) {}

  private final HttpResponse response;
  private final BufferedReader lines;

  Watch(HttpResponse response) {
    this.response = response;
    this.lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  /**
   * Waits for the next event, at most as long as the connection's reads may take.
   *
   * @throws IOException if the watch ends
   */
  public Event next() throws IOException {
    JsonObject event = JsonReader.readObject(Bytes.utf8(line()));
    return new Event(event.string("type").orElse(""), event.object("object"));
  }

  /** As {@link #next}, as it came. */
  public String line() throws IOException {
    String line = lines.readLine();
    if (line == null) {
      throw new EOFException("the watch ended");
    }
    return line;
  }

  @Override
  public void close() {
    response.close();
  }
}
