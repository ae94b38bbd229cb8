package dev.nacelle.bench.teleport;

import dev.nacelle.testbed.DelayingProxy;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** One registry at several distances. */
final class FarRegistry implements AutoCloseable {
  /** Where it is so far away. */
  record Place(Duration away, DelayingProxy proxy) {
    /** The name of an image of it, seen from here. */
    String image(String repository) {
      return "127.0.0.1:" + proxy.port() + "/" + repository + ":1";
    }

    String millis() {
      return String.valueOf(away.toMillis());
    }
  }

  private static final List<Duration> AWAY =
      List.of(Duration.ZERO, Duration.ofMillis(5), Duration.ofMillis(20));

  private final int port;
  private final List<Place> places = new ArrayList<>();

  private FarRegistry(int port) {
    this.port = port;
  }

  static FarRegistry of(int port) throws IOException {
    var registry = new FarRegistry(port);
    for (Duration away : AWAY) {
      registry.places.add(new Place(away, DelayingProxy.start(port, away)));
    }
    return registry;
  }

  int port() {
    return port;
  }

  /** Nearest first. */
  List<Place> places() {
    return places;
  }

  /** The one next door. */
  Place near() {
    return places.getFirst();
  }

  @Override
  public void close() throws IOException {
    for (Place place : places) {
      place.proxy().close();
    }
  }
}
