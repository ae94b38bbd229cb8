package dev.nacelle.app;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.HttpApiClient;
import dev.nacelle.api.client.Kubeconfig;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.client.ObjectWatch.EventType;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;
import dev.nacelle.cli.BusyboxImage;
import dev.nacelle.cli.ControlClient;
import dev.nacelle.cli.Host;
import dev.nacelle.cli.ImageRequest;
import dev.nacelle.cli.VerbException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What a new platform is used for while the start-up cache is made: the cache keeps how often each
 * method ran and what it met, so that later platforms compile the busy ones at once. Bounded in
 * count and time; what fails here costs speed later, nothing else.
 */
final class TrainingLoad {
  private static final int CLIENTS = 8;
  private static final int OBJECTS = 250;
  private static final int PODS = 40;
  private static final int PULLS = 20;
  private static final long MOST_NANOS = Duration.ofSeconds(30).toNanos();
  private static final String IMAGE = "nacelle.local/train:1";
  private static final String VALUE = "v".repeat(1_000);

  private final Path data;
  private final ControlClient control;
  private final HttpApiClient api;
  private final long began = System.nanoTime();

  private TrainingLoad(Path data, ControlClient control, HttpApiClient api) {
    this.data = data;
    this.control = control;
    this.api = api;
  }

  static void run(Path data) {
    try (ControlClient control = ControlClient.connect(data)) {
      try (HttpApiClient api =
          Kubeconfig.read(data.resolve("kubeconfig")).client("nacelle-train")) {
        new TrainingLoad(data, control, api).run();
      } catch (IOException | ApiException | VerbException e) {
        System.err.println("nacelle: the training load ended early: " + e.getMessage());
      }
      control.post("/v1/shutdown", JsonObject.builder().put("all", true).build());
    } catch (VerbException e) {
      System.err.println("nacelle: " + e.getMessage());
      Runtime.getRuntime().halt(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() throws VerbException, IOException, InterruptedException {
    control.get("/v1/status");
    var clients = new ArrayList<Thread>();
    for (int n = 0; n < CLIENTS; n++) {
      String prefix = "train-" + n + "-";
      clients.add(Thread.ofVirtual().start(() -> objects(prefix)));
    }
    for (Thread client : clients) {
      client.join();
    }
    BusyboxImage.importAs(IMAGE, data.resolve("train-image"), control);
    for (int n = 0; n < PODS && inTime(); n++) {
      pod("train-" + n, IMAGE);
    }
    try (TrainingRegistry registry = TrainingRegistry.open(data.resolve("train-registry"))) {
      pulls(registry.image("train:1"));
    }
  }

  /** Pods whose image is not here: the later ones find a trace of the first. */
  private void pulls(String image) throws VerbException, InterruptedException {
    verb(
        new Host.ImageVerb.Push(
            IMAGE, Optional.of(image), Host.ImageVerb.Layers.ORIGINAL, Host.AuthFile.NONE));
    verb(new Host.ImageVerb.Convert(image, Host.ImageVerb.Platforms.HOST, Host.AuthFile.NONE));
    for (int n = 0; n < PULLS && inTime(); n++) {
      verb(new Host.ImageVerb.Prune());
      pod("train-pull-" + n, image);
    }
  }

  private void verb(Host.ImageVerb verb) throws VerbException, InterruptedException {
    control.stream("/v1/images", ImageRequest.write(verb), answer -> {});
  }

  private boolean inTime() {
    return System.nanoTime() - began < MOST_NANOS;
  }

  private void objects(String prefix) {
    try {
      for (int n = 0; n < OBJECTS && inTime(); n++) {
        KubeObject made = create(Resources.CONFIG_MAPS, configMap(prefix + n));
        for (int read = 0; read < 4; read++) {
          api.get(Resources.CONFIG_MAPS, made.key());
        }
        if (n % 50 == 0) {
          api.list(Resources.CONFIG_MAPS, ListOptions.inNamespace("default"));
        }
      }
    } catch (ApiException e) {
      System.err.println("nacelle: the training load ended early: " + e.getMessage());
    }
  }

  private KubeObject create(ResourceType type, KubeObject object) {
    return api.create(type, object, WriteOptions.by("nacelle-train"));
  }

  private static KubeObject configMap(String name) {
    return object(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, namespace: default}, data: {value: %s}}"
            .formatted(name, VALUE));
  }

  private static KubeObject object(String yaml) {
    if (YamlReader.read(Bytes.utf8(yaml)) instanceof JsonObject json) {
      return new KubeObject(json);
    }
    throw new IllegalArgumentException("want a mapping");
  }

  /** One pod that says a word and ends, from its creation to its removal. */
  private void pod(String name, String image) throws InterruptedException {
    var key = new ObjectKey("default", name);
    KubeObject made =
        create(
            Resources.PODS,
            object(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, namespace: default}
                spec:
                  restartPolicy: Never
                  terminationGracePeriodSeconds: 0
                  containers:
                  - {name: main, image: "%s", command: [echo, trained]}
                """
                    .formatted(name, image)));
    await(key, made.resourceVersion(), TrainingLoad::hasEnded);
    api.delete(Resources.PODS, key, DeleteOptions.DEFAULT);
    await(key, made.resourceVersion(), event -> event.type() == EventType.DELETED);
  }

  private static boolean hasEnded(ObjectWatch.Event event) {
    String phase = event.object().status().string("phase").orElse("");
    return phase.equals("Succeeded") || phase.equals("Failed");
  }

  private void await(ObjectKey key, String from, Predicate<ObjectWatch.Event> last)
      throws InterruptedException {
    try (ObjectWatch watch =
        api.watch(
            Resources.PODS,
            ListOptions.inNamespace(key.namespace())
                .withFieldSelector("metadata.name=" + key.name())
                .from(from))) {
      while (inTime()) {
        if (watch.next(Duration.ofSeconds(1)).filter(last).isPresent()) {
          return;
        }
      }
    }
  }
}
