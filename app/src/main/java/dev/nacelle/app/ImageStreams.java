package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.Headers;
import dev.nacelle.base.http.HttpExchange;
import dev.nacelle.base.http.ResponseStream;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonWriter;
import dev.nacelle.base.task.NativeCalls;
import dev.nacelle.base.task.Threads;
import dev.nacelle.cli.Host;
import dev.nacelle.image.ImageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The answer to a verb on images: objects, one a line, while the work goes on; or one object at its
 * end, as clients of earlier versions expect it. Steps of layers are told ten times a second, the
 * latest of each. When the client leaves, the work is interrupted.
 */
final class ImageStreams implements Host.Output {
  private static final Bytes NEWLINE = Bytes.utf8("\n");
  private static final long PAUSE_MILLIS = 100;

  private final ResponseStream stream;

  /** Held while something is written. */
  private final ReentrantLock writing = new ReentrantLock();

  /** The latest of each layer that the client has not heard of; guarded by itself. */
  private final Map<String, Host.LayerStep> steps = new LinkedHashMap<>();

  private ImageStreams(ResponseStream stream) {
    this.stream = stream;
  }

  /** Does the work and answers; returns when both are done. */
  static void answer(HttpExchange exchange, ImageWork work, Host.ImageVerb verb)
      throws IOException, InterruptedException {
    try (ResponseStream stream =
        exchange.respondStreaming(200, Headers.contentType("application/x-ndjson"))) {
      var output = new ImageStreams(stream);
      var interruption = new Interruption();
      exchange.onClose(interruption::clientLeft);
      Thread teller = new Threads("images").startVirtual("steps", output::tell);
      int exitCode;
      try {
        // a platform thread: a verb keeps a processor busy, and reads files that may be slow
        exitCode =
            NativeCalls.callOnOwnThread(
                "image verb", () -> interruption.during(() -> run(work, verb, output)));
      } finally {
        teller.interrupt();
        teller.join();
      }
      output.writeSteps();
      output.write(JsonObject.builder().put("exitCode", exitCode).build());
      stream.flush();
    }
  }

  private static int run(ImageWork work, Host.ImageVerb verb, Host.Output output)
      throws InterruptedException {
    try {
      return work.run(verb, output);
    } catch (ImageException e) {
      output.error(String.valueOf(e.getMessage()));
      return ImageWork.exitCode(e);
    } catch (RuntimeException e) {
      output.error(String.valueOf(e.getMessage()));
      return 1;
    }
  }

  /** Does the work and gives all lines at once. */
  static JsonObject whole(ImageWork work, Host.ImageVerb verb) throws InterruptedException {
    List<String> lines = new ArrayList<>();
    int exitCode =
        work.run(
            verb,
            new Host.Output() {
              @Override
              public void line(String text) {
                lines.add(text);
              }

              @Override
              public void error(String text) {
                lines.add(text);
              }
            });
    return JsonObject.builder()
        .put("lines", JsonArray.ofStrings(lines))
        .put("exitCode", exitCode)
        .build();
  }

  /** Interrupts the worker while it works, and never after. */
  private static final class Interruption {
    private Optional<Thread> worker = Optional.empty();
    private boolean hasLeft;

    int during(NativeCalls.Call<Integer, InterruptedException> work) throws InterruptedException {
      synchronized (this) {
        if (hasLeft) {
          throw new InterruptedException();
        }
        worker = Optional.of(Thread.currentThread());
      }
      try {
        return work.call();
      } finally {
        synchronized (this) {
          worker = Optional.empty();
        }
      }
    }

    synchronized void clientLeft() {
      hasLeft = true;
      worker.ifPresent(Thread::interrupt);
    }
  }

  private void tell() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        writeSteps();
        stream.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // the client has left: the worker is interrupted by that
    }
  }

  private void writeSteps() throws IOException, InterruptedException {
    List<Host.LayerStep> told;
    synchronized (steps) {
      told = List.copyOf(steps.values());
      steps.clear();
    }
    for (Host.LayerStep step : told) {
      Json json =
          JsonObject.builder()
              .put("phase", step.phase())
              .put("layer", step.layer())
              .put("done", step.doneBytes())
              .put("total", step.totalBytes())
              .put("whole", step.wholeBytes())
              .build();
      write(JsonObject.builder().put("step", json).build());
    }
  }

  private void write(JsonObject object) throws IOException, InterruptedException {
    writing.lockInterruptibly();
    try {
      stream.write(JsonWriter.write(object));
      stream.write(NEWLINE);
    } finally {
      writing.unlock();
    }
  }

  private void say(String member, String text) {
    try {
      writeSteps();
      write(JsonObject.builder().put(member, text).build());
    } catch (IOException e) {
      // the client has left: the worker is interrupted by that
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void line(String text) {
    say("line", text);
  }

  @Override
  public void error(String text) {
    say("error", text);
  }

  @Override
  public void step(Host.LayerStep step) {
    synchronized (steps) {
      steps.put(step.layer() + step.phase(), step);
    }
  }
}
