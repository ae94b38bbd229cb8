package dev.nacelle.bench.teleport;

import dev.nacelle.base.files.Trees;
import dev.nacelle.bench.image.DebianImage;
import dev.nacelle.bench.image.ImagePusher;
import dev.nacelle.bench.platform.HostImages;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.OpenParts;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.cli.VerbException;
import dev.nacelle.image.registry.Descriptor;
import dev.nacelle.image.registry.RegistrySettings;
import dev.nacelle.image.stream.TraceReferrer;
import dev.nacelle.testbed.DebianRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What all rows need: the image in a registry at several distances, with and without what is known
 * of its starts, and a platform that has none of it. The registry takes nothing new any more, so
 * that no run changes what the next one finds. Closing it removes all but the image itself.
 */
final class Scene implements AutoCloseable {
  /** The repository beside whose image a trace and a start pack lie. */
  static final String TRACED = "traced";

  /** The same image with its streaming form alone. */
  static final String PLAIN = "plain";

  /** The same files in twenty layers, with a trace. */
  static final String MANY = "many";

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String TRACE = TraceReferrer.ARTIFACT_TYPE;

  private final Session session;
  private final DebianImage image;
  private final DebianImage manyLayers;
  private final OpenParts closing = new OpenParts();
  private final Path work;

  private Scene(Session session, Path work, DebianImage image, DebianImage manyLayers) {
    this.session = session;
    this.work = work;
    this.image = image;
    this.manyLayers = manyLayers;
  }

  /** The parts, once all of them are there. */
  record Parts(Instance instance, PlatformStarts starts, HostImages images, FarRegistry registry) {}

  static Scene in(Session session) throws IOException, InterruptedException {
    DebianImage few = DebianImage.in(session, DebianImage.FEW);
    DebianImage many = DebianImage.in(session, DebianImage.MANY);
    Path work = Files.createTempDirectory(session.work(), "nacelle-bench-teleport-");
    return new Scene(session, work, few, many);
  }

  DebianImage image() {
    return image;
  }

  DebianImage manyLayers() {
    return manyLayers;
  }

  Path work() {
    return work;
  }

  Parts prepare() throws IOException, InterruptedException, VerbException {
    DebianRegistry registry = DebianRegistry.start(work);
    int first = closing.add(registry::close);
    ImagePusher.push(image, name(registry, PLAIN), RegistrySettings.DEFAULT);
    ImagePusher.push(manyLayers, name(registry, MANY), RegistrySettings.DEFAULT);
    Instance instance = session.instance();
    closing.add(instance::close);
    instance.up();
    PlatformStarts starts = PlatformStarts.on(instance);
    closing.add(starts::close);
    HostImages images = new HostImages(instance);
    closing.add(images::close);
    images.convert(name(registry, PLAIN));
    images.convert(name(registry, MANY));
    registry.copy(PLAIN, TRACED);
    writeDown(registry, starts, images);
    DebianRegistry readOnly = registry.readOnly();
    closing.replace(first, readOnly::close);
    FarRegistry far = FarRegistry.of(readOnly.port());
    closing.add(far::close);
    return new Parts(instance, starts, images, far);
  }

  /** Lets the platform see the first starts, and share what they needed. */
  private void writeDown(DebianRegistry registry, PlatformStarts starts, HostImages images)
      throws IOException, InterruptedException, VerbException {
    for (String repository : List.of(TRACED, MANY)) {
      images.forget();
      starts.firstOutput(Workload.FIRST_OUTPUT, name(registry, repository), uid -> {});
      images.coldStartEnded();
      awaitTrace(registry, repository);
      images.forget();
      starts.firstReply(name(registry, repository));
      images.coldStartEnded();
    }
    images.forget();
  }

  private void awaitTrace(DebianRegistry registry, String repository)
      throws IOException, InterruptedException {
    DebianImage of = repository.equals(MANY) ? manyLayers : image;
    String digest = Descriptor.of("", of.manifest()).digest();
    URI list =
        URI.create(
            "http://"
                + registry.host()
                + "/v2/"
                + repository
                + "/manifests/"
                + digest.replace(':', '-'));
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!read(list).contains(TRACE)) {
      if (System.nanoTime() > end) {
        throw new IOException("the platform laid no trace beside the image in " + list);
      }
      Thread.sleep(100);
    }
  }

  private static String read(URI at) throws IOException {
    var connection = at.toURL().openConnection();
    connection.setRequestProperty("Accept", "application/vnd.oci.image.index.v1+json");
    try (var in = connection.getInputStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (java.io.FileNotFoundException e) {
      return ""; // no list yet
    }
  }

  private static String name(DebianRegistry registry, String repository) {
    return registry.host() + "/" + repository + ":1";
  }

  /** All of it, also where a part fails. */
  @Override
  public void close() throws IOException, InterruptedException {
    closing.close();
    Trees.delete(work);
  }
}
