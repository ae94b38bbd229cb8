package dev.nacelle.image.distribution;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs what several ask for at once a single time; all share what came of it. */
final class SharedCalls {
  private final Map<String, FutureTask<Boolean>> running = new ConcurrentHashMap<>();

  /** Something that may fail. */
  interface Call {
    void run() throws IOException, InterruptedException;
  }

  /** Runs the call, or waits for the one of the same name that runs already. */
  void run(String name, Call call) throws IOException, InterruptedException {
    var own =
        new FutureTask<>(
            () -> {
              call.run();
              return true;
            });
    FutureTask<Boolean> other = running.putIfAbsent(name, own);
    if (other == null) {
      try {
        own.run();
      } finally {
        running.remove(name);
      }
    }
    try {
      (other == null ? own : other).get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RegistryException refused -> throw refused;
        case RuntimeException broken -> throw broken;
        case null, default -> throw new IOException(String.valueOf(e.getCause()), e.getCause());
      }
    }
  }
}
