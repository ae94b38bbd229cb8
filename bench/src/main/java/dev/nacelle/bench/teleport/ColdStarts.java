package dev.nacelle.bench.teleport;

import dev.nacelle.cli.VerbException;
import dev.nacelle.testbed.DelayingProxy;
import java.io.IOException;

/**
 * Single starts, from what a way begins with until what it is to show; the time and the bytes go
 * into the way. A cold one finds no connection to the registry either.
 */
record ColdStarts(Scene.Parts parts) {
  /** What is timed. */
  @FunctionalInterface
  interface Start {
    double millis() throws IOException, InterruptedException, VerbException;
  }

  /** Nothing of the image is here. */
  void cold(FarRegistry.Place place, Way way, Start start)
      throws IOException, InterruptedException, VerbException {
    parts.images().forget();
    counted(place, way, start);
    parts.images().coldStartEnded();
  }

  /** Its data is here, all of it and on the disk. */
  void warm(Way way, Start start) throws IOException, InterruptedException, VerbException {
    parts.images().awaitSettled();
    way.add(start.millis(), 0);
  }

  private static void counted(FarRegistry.Place place, Way way, Start start)
      throws IOException, InterruptedException, VerbException {
    DelayingProxy proxy = place.proxy();
    proxy.hangUp();
    long before = proxy.receivedBytes();
    double took = start.millis();
    way.add(took, proxy.receivedBytes() - before);
  }

  double firstOutput(Workload workload, String image) throws IOException, InterruptedException {
    return parts.starts().firstOutput(workload, image, uid -> {});
  }

  /** The whole image first, then the container. */
  double afterDownload(Workload workload, String image)
      throws IOException, InterruptedException, VerbException {
    long began = System.nanoTime();
    parts.images().pullWhole(image);
    double pulled = (System.nanoTime() - began) / 1e6;
    return pulled + firstOutput(workload, image);
  }
}
