package dev.nacelle.bench.platform;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.cli.ControlClient;
import dev.nacelle.cli.Host;
import dev.nacelle.cli.ImageRequest;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What an instance has of images: through its control socket, so that no client has to start. */
public final class HostImages implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** By then a platform has written down what a start needed. */
  private static final Duration WRITTEN_DOWN = Duration.ofSeconds(5);

  private final ControlClient control;
  private final Path images;
  private long lastColdNanos = System.nanoTime() - WRITTEN_DOWN.toNanos();

  public HostImages(Instance instance) throws VerbException {
    this.control = instance.control();
    this.images = instance.data().resolve("node/images");
  }

  /** Runs a verb; what it said. */
  public List<String> verb(Host.ImageVerb verb)
      throws VerbException, IOException, InterruptedException {
    var lines = new ArrayList<String>();
    var errors = new ArrayList<String>();
    control.stream(
        "/v1/images",
        ImageRequest.write(verb),
        answer -> {
          answer.string("line").ifPresent(lines::add);
          answer.string("error").ifPresent(errors::add);
        });
    if (!errors.isEmpty()) {
      throw new IOException(String.join("; ", errors));
    }
    return lines;
  }

  public void pullWhole(String image) throws VerbException, IOException, InterruptedException {
    verb(
        new Host.ImageVerb.Pull(
            image, Optional.empty(), Host.ImageVerb.Data.ALL, Host.AuthFile.NONE));
  }

  public void convert(String image) throws VerbException, IOException, InterruptedException {
    verb(new Host.ImageVerb.Convert(image, Host.ImageVerb.Platforms.HOST, Host.AuthFile.NONE));
  }

  /** Removes every image; containers that are just ending are waited for. */
  public void prune() throws VerbException, IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    verb(new Host.ImageVerb.Prune());
    while (verb(new Host.ImageVerb.Ls(Host.ImageVerb.Form.TEXT)).size() > 1) {
      if (System.nanoTime() > end) {
        throw new IOException("cannot remove the images: something still uses them");
      }
      Thread.sleep(20);
      verb(new Host.ImageVerb.Prune());
    }
  }

  /** Makes the next start one of a host that has never seen the image. */
  public void forget() throws VerbException, IOException, InterruptedException {
    prune();
    long left = lastColdNanos + WRITTEN_DOWN.toNanos() - System.nanoTime();
    if (left > 0) {
      Thread.sleep(Duration.ofNanos(left));
    }
    Path traces = images.resolve("traces");
    if (Files.isDirectory(traces)) {
      try (Stream<Path> all = Files.list(traces)) {
        for (Path trace : all.toList()) {
          Files.deleteIfExists(trace);
        }
      }
    }
  }

  /** A start from an image that was not here has ended. */
  public void coldStartEnded() {
    lastColdNanos = System.nanoTime();
  }

  /** Waits until what has been fetched is on the disk, and no layer is marked any more. */
  public void awaitSettled() throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!filling().isEmpty()) {
      if (System.nanoTime() > end) {
        throw new IOException("the layers in " + images + " do not become whole");
      }
      Thread.sleep(20);
    }
  }

  /** Directories of layers of which parts may be missing. */
  public List<Path> filling() throws IOException {
    try (Stream<Path> layers = Files.list(images.resolve("layers"))) {
      return layers.filter(l -> Files.exists(l.resolve("stream.json"))).toList();
    }
  }

  /** Where the layers that are mounted can be read. */
  public Path mounts() {
    return images.resolve("mounts");
  }

  public JsonObject waterfall(String uid) throws VerbException, InterruptedException {
    return control.get("/v1/waterfall?uid=" + uid);
  }

  @Override
  public void close() {
    control.close();
  }
}
