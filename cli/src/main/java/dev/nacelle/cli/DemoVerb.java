package dev.nacelle.cli;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.http.HttpClient;
import dev.nacelle.base.http.HttpRequest;
import dev.nacelle.base.http.HttpResponse;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.YamlReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;
import picocli.CommandLine.UnmatchedArgumentException;

/** {@code nacelle demo}. */
@Command(
    name = "demo",
    description = {
      "Start the platform, run three container groups behind a Service, and call it.",
      "Then show where the time of a start goes. Takes the options of 'up'."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DemoVerb extends InstanceVerb {
  private static final String IMAGE = "nacelle.local/demo:1";
  private static final String TABLE =
      "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
  private static final Duration PATIENCE = Duration.ofSeconds(120);
  private static final int CALLS = 6;

  @Spec CommandSpec spec;
  @Unmatched List<String> upOptions = new ArrayList<>();

  @Override
  public Integer call() throws VerbException, InterruptedException {
    checkOptions();
    Path root = Path.of(Optional.ofNullable(System.getProperty("nacelle.root")).orElse("."));
    int started = up(root);
    if (started != 0) {
      return started;
    }
    importImage();
    try (ApiAccess api = ApiAccess.of(data.resolve("kubeconfig"))) {
      say("applying examples/hello: a ContainerGroupProfile, an NGroup of 3, a Service");
      apply(api, root.resolve("examples").resolve("hello"));
      long began = System.nanoTime();
      long groups = awaitReady(api, began);
      long took = (System.nanoTime() - began) / 1_000_000;
      say((groups == 3 ? "three" : groups) + " container groups are ready after " + took + " ms");
      tables(api);
      callService(api);
      waterfall(api);
    }
    next(root);
    return 0;
  }

  /** So that what is wrong is told of this verb, and not of the one that it runs. */
  private void checkOptions() {
    var options = new UpOptions();
    try {
      new CommandLine(options).parseArgs(upOptions.toArray(String[]::new));
    } catch (UnmatchedArgumentException e) {
      throw new UnmatchedArgumentException(spec.commandLine(), e.getUnmatched());
    } catch (ParameterException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
    UpLimits.require(options, spec.commandLine());
  }

  private int up(Path root) throws VerbException, InterruptedException {
    var command = new ArrayList<>(List.of(root.resolve("nacelle").toString(), "up"));
    command.addAll(List.of("--data", data.toString()));
    command.addAll(upOptions);
    try {
      return new ProcessBuilder(command).inheritIO().start().waitFor();
    } catch (IOException e) {
      throw new VerbException("cannot run " + command.getFirst() + ": " + e.getMessage());
    }
  }

  private void importImage() throws VerbException, InterruptedException {
    try (ControlClient control = ControlClient.connect(data)) {
      BusyboxImage.importAs(IMAGE, data.resolve("demo-image"), control).forEach(this::say);
    } catch (IOException e) {
      throw new VerbException("cannot make the demo image: " + e.getMessage());
    }
  }

  private static void apply(ApiAccess api, Path directory)
      throws VerbException, InterruptedException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList()) {
        Bytes yaml = Bytes.wrap(Files.readAllBytes(file));
        Json object = YamlReader.read(yaml);
        if (object instanceof JsonObject o) {
          api.apply(path(o), yaml);
        }
      }
    } catch (IOException e) {
      throw new VerbException("cannot read " + directory + ": " + e.getMessage());
    }
  }

  private static String path(JsonObject object) {
    String version = object.string("apiVersion").orElse("v1");
    String plural = object.string("kind").orElse("").toLowerCase(Locale.ROOT) + "s";
    return (version.contains("/") ? "/apis/" : "/api/")
        + version
        + "/namespaces/default/"
        + plural
        + "/"
        + object.string("metadata", "name").orElse("");
  }

  /** How many there are, none of them on the way in or out. */
  private long awaitReady(ApiAccess api, long began) throws VerbException, InterruptedException {
    String path = "/apis/containers.nacelle.dev/v1/namespaces/default/ngroups/hello";
    while (true) {
      JsonObject group = api.find(path, "application/json").orElse(JsonObject.EMPTY);
      if (isSettled(group)) {
        return group.integer("spec", "replicas").orElse(0);
      }
      if (System.nanoTime() - began > PATIENCE.toNanos()) {
        throw new VerbException(
            "the container groups are not ready after "
                + PATIENCE.toSeconds()
                + " s; see 'kubectl --kubeconfig "
                + data.resolve("kubeconfig")
                + " describe pods'");
      }
      Thread.sleep(10);
    }
  }

  /** Whether as many are there as are wanted now, and all of them ready. */
  static boolean isSettled(JsonObject group) {
    long wanted = group.integer("spec", "replicas").orElse(0);
    return wanted > 0
        && group.integer("status", "observedGeneration").orElse(0)
            >= group.integer("metadata", "generation").orElse(1)
        && group.integer("status", "replicas").orElse(0) == wanted
        && group.integer("status", "readyReplicas").orElse(0) == wanted;
  }

  private void tables(ApiAccess api) throws VerbException, InterruptedException {
    table(api, "kubectl get ngroups", "/apis/containers.nacelle.dev/v1/namespaces/default/ngroups");
    table(api, "kubectl get pods -o wide", "/api/v1/namespaces/default/pods");
    table(api, "kubectl get services", "/api/v1/namespaces/default/services");
  }

  private void table(ApiAccess api, String command, String path)
      throws VerbException, InterruptedException {
    cli.out.println();
    cli.out.println("$ " + command);
    api.find(path, TABLE).ifPresent(t -> TablePrinter.print(t, command.contains("wide"), cli.out));
  }

  private void callService(ApiAccess api) throws VerbException, InterruptedException {
    String address =
        api.find("/api/v1/namespaces/default/services/hello", "application/json")
            .flatMap(s -> s.string("spec", "clusterIP"))
            .orElseThrow(() -> new VerbException("the Service has no address"));
    cli.out.println();
    cli.out.println("calling the Service at http://" + address + "/");
    var answers = new TreeSet<String>();
    for (int i = 0; i < CALLS * 4 && (i < CALLS || answers.size() < 3); i++) {
      try (HttpClient client = HttpClient.builder().connectTimeout(Duration.ofSeconds(5)).build();
          HttpResponse response =
              client.send(
                  HttpRequest.get(URI.create("http://" + address + "/"))
                      .with("connection", "close"))) {
        answers.add(response.bytes(4_096).toUtf8().strip());
      } catch (IOException e) {
        throw new VerbException("the Service does not answer: " + e.getMessage());
      }
    }
    answers.forEach(a -> cli.out.println("  " + a));
  }

  /** Of the first group whose whole start this process of the platform has seen. */
  private void waterfall(ApiAccess api) throws VerbException, InterruptedException {
    List<JsonObject> pods =
        api.find(
                "/api/v1/namespaces/default/pods?labelSelector=containers.nacelle.dev/ngroup=hello",
                "application/json")
            .map(list -> list.array("items").objects().toList())
            .orElse(List.of());
    cli.out.println();
    try (ControlClient control = ControlClient.connect(data)) {
      for (JsonObject pod : pods) {
        String name = pod.string("metadata", "name").orElse("");
        JsonObject answer =
            control.get("/v1/waterfall?uid=" + pod.string("metadata", "uid").orElse(""));
        if (Waterfall.isWhole(answer)) {
          say("start-up of pod " + name + ":");
          Waterfall.print(answer, cli.out);
          return;
        }
        say("pod " + name + " started under an earlier process of the platform");
      }
    }
    say("no start-up to show: 'kubectl delete pod hello-0' and the demo again show one");
  }

  private void next(Path root) {
    Path launcher = root.resolve("nacelle");
    cli.out.println();
    cli.out.println("try next:");
    cli.out.println("  export KUBECONFIG=" + data.resolve("kubeconfig"));
    cli.out.println("  kubectl get pods --watch");
    cli.out.println("  kubectl scale ngroup hello --replicas=10");
    cli.out.println("  kubectl exec -it hello-0 -- sh");
    cli.out.println("  " + launcher + " status --data " + data);
    cli.out.println("  " + launcher + " down --all --data " + data);
  }

  private void say(String text) {
    cli.out.println(text);
  }
}
