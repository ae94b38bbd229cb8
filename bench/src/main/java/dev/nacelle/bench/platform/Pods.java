package dev.nacelle.bench.platform;

import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Pods of the default namespace through the API, followed by one watch; for one thread. */
public final class Pods implements AutoCloseable {
  private static final String PODS = "/api/v1/namespaces/default/pods";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final ApiConnection api;
  private final Watch watch;

  private Pods(ApiConnection api, Watch watch) {
    this.api = api;
    this.watch = watch;
  }

  /**
   * A pod of one container that runs once.
   *
   * @param pullPolicy as {@code imagePullPolicy}
   * @param node where it has to run; anywhere if empty
   */
  public record Spec(
      String name, String image, String pullPolicy, List<String> command, Optional<String> node) {
    public Spec {
      command = List.copyOf(command);
    }

    public Spec(String name, String image, String pullPolicy, List<String> command) {
      this(name, image, pullPolicy, command, Optional.empty());
    }

    JsonObject json() {
      JsonObject.Builder spec =
          JsonObject.builder()
              .put("restartPolicy", "Never")
              .put("terminationGracePeriodSeconds", 0)
              .put(
                  "containers",
                  JsonArray.of(
                      JsonObject.builder()
                          .put("name", "main")
                          .put("image", image)
                          .put("imagePullPolicy", pullPolicy)
                          .put("command", JsonArray.ofStrings(command))
                          .build()));
      node.ifPresent(
          name ->
              spec.put(
                  "nodeSelector",
                  JsonObject.builder().put("kubernetes.io/hostname", name).build()));
      return JsonObject.builder()
          .put("apiVersion", "v1")
          .put("kind", "Pod")
          .put("metadata", JsonObject.builder().put("name", name).build())
          .put("spec", spec.build())
          .build();
    }
  }

  /** Waits until pods can be made, and follows them from then on; ends the connection with it. */
  public static Pods on(ApiConnection api) throws IOException, InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!hasAccount(api)) {
      if (System.nanoTime() > end) {
        throw new IOException("the namespace default has no service account");
      }
      Thread.sleep(20);
    }
    String revision = api.get(PODS).string("metadata", "resourceVersion").orElse("0");
    return new Pods(api, api.watch(PODS, revision));
  }

  private static boolean hasAccount(ApiConnection api) throws InterruptedException {
    try {
      api.get("/api/v1/namespaces/default/serviceaccounts/default");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Makes one; its uid. */
  public String create(Spec pod) throws IOException, InterruptedException {
    return api.post(PODS, pod.json()).string("metadata", "uid").orElse("");
  }

  /** The log with time stamps. */
  public String log(String name) throws IOException, InterruptedException {
    return api.text(PODS + "/" + name + "/log?timestamps=true");
  }

  /**
   * Waits until a pod has an address.
   *
   * @throws IOException if it fails
   */
  public String awaitAddress(String name) throws IOException {
    String address = "";
    while (address.isEmpty()) {
      Watch.Event event = watch.next();
      if (nameOf(event).equals(name)) {
        refuseFailed(event);
        address = event.object().string("status", "podIP").orElse("");
      }
    }
    return address;
  }

  /**
   * Waits until all of them have succeeded.
   *
   * @throws IOException if one has not
   */
  public void awaitEnd(Set<String> names) throws IOException {
    var left = new HashSet<>(names);
    while (!left.isEmpty()) {
      Watch.Event event = watch.next();
      if (left.contains(nameOf(event))) {
        refuseFailed(event);
        if (phase(event).equals("Succeeded")) {
          left.remove(nameOf(event));
        }
      }
    }
  }

  /** Removes them, and waits until they are gone. */
  public void remove(Set<String> names) throws IOException, InterruptedException {
    for (String name : names) {
      api.delete(PODS + "/" + name);
    }
    var left = new HashSet<>(names);
    while (!left.isEmpty()) {
      Watch.Event event = watch.next();
      if (event.type().equals("DELETED")) {
        left.remove(nameOf(event));
      }
    }
  }

  private static void refuseFailed(Watch.Event event) throws IOException {
    if (phase(event).equals("Failed") || event.type().equals("DELETED")) {
      throw new IOException("pod " + nameOf(event) + " failed: " + event.object().object("status"));
    }
  }

  private static String phase(Watch.Event event) {
    return event.object().string("status", "phase").orElse("");
  }

  private static String nameOf(Watch.Event event) {
    return event.object().string("metadata", "name").orElse("");
  }

  @Override
  public void close() {
    watch.close();
    api.close();
  }
}
