package dev.nacelle.app;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.files.DurableFiles;
import dev.nacelle.base.http.ProxySettings;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.cli.ControlClient;
import dev.nacelle.cli.Host;
import dev.nacelle.cli.UpOptions;
import dev.nacelle.cli.VerbException;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.LocalImageStore;
import dev.nacelle.image.registry.RegistryClient;
import dev.nacelle.image.registry.RegistrySettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The program as the verbs see it. */
final class Application implements Host {
  @Override
  public int run(UpOptions options, StartReport report) {
    var layout = new Layout(options.data.toAbsolutePath().normalize());
    if (ControlClient.isUp(layout.data())) {
      report.line("already running with data in " + layout.data());
      tellIgnored(layout, options, report);
      tellKubeconfig(layout, report);
      report.finished(0);
      return 0;
    }
    Logging.to(layout, options.foreground);
    try (DataLock lock = DataLock.take(layout)) {
      return run(layout, options, report);
    } catch (StartException e) {
      report.error(String.valueOf(e.getMessage()));
      log().error("start failed", e);
      report.finished(1);
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      report.finished(1);
      return 1;
    }
  }

  private static int run(Layout layout, UpOptions options, StartReport report)
      throws StartException, InterruptedException {
    if (options.parts.contains("api")) {
      checkPort(options.port);
    }
    var phases = new Phases();
    Instance instance = phases.time("instance", () -> Instance.of(layout, options));
    writePid(layout);
    try (var platform = new Platform()) {
      Thread hook =
          Thread.ofPlatform()
              .name("shutdown")
              .unstarted(
                  () -> {
                    platform.shutDown(Platform.Ask.LEAVE_PODS);
                    platform.close();
                  });
      Runtime.getRuntime().addShutdownHook(hook);
      Wiring.start(layout, options, instance, platform, phases);
      log().info("up after {} ms: {}", phases.totalMillis(), phases.summary());
      report.line("nacelle is up after " + phases.totalMillis() + " ms (" + phases.summary() + ")");
      options.server.ifPresent(server -> report.line("joined " + server));
      tellKubeconfig(layout, report);
      report.finished(0);
      platform.awaitShutdown();
      log().info("shutting down");
      return 0;
    } finally {
      deletePid(layout);
    }
  }

  /** What was asked for in vain: an instance keeps what it was started with. */
  private static void tellIgnored(Layout layout, UpOptions options, StartReport report) {
    try (ControlClient control = ControlClient.connect(layout.data())) {
      JsonObject known = control.get("/v1/status");
      String name = known.string("name").orElse("");
      options
          .name
          .filter(wanted -> !wanted.equals(name))
          .ifPresent(wanted -> report.line("ignored: --name=" + wanted + ", it runs as " + name));
      int port = URI.create(known.string("api", "url").orElse("")).getPort();
      if (options.port != new UpOptions().port && port > 0 && options.port != port) {
        report.line("ignored: --port=" + options.port + ", its API is on port " + port);
      }
      List<String> others = StartOptions.differing(options, known);
      if (!others.isEmpty()) {
        report.line(
            "ignored: "
                + String.join(", ", others)
                + "; options take effect after 'nacelle down' and 'nacelle up' with them");
      }
    } catch (VerbException | IllegalArgumentException e) {
      log().debug("what runs does not tell how: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A further host has none: its cluster is driven from where the API is. */
  private static void tellKubeconfig(Layout layout, StartReport report) {
    if (Files.exists(layout.kubeconfig())) {
      report.line("kubeconfig: " + layout.kubeconfig());
    }
  }

  private static void checkPort(int port) throws StartException {
    try (var probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(port));
    } catch (IOException e) {
      throw new StartException(
          "cannot listen on port " + port + ": it is taken; choose another with --port", e);
    }
  }

  private static void writePid(Layout layout) throws StartException {
    try {
      DurableFiles.writeAtomically(
          layout.pid(),
          Bytes.utf8(ProcessHandle.current().pid() + "\n"),
          DurableFiles.Mode.EVERYBODY_READS);
    } catch (IOException e) {
      throw new StartException("cannot write " + layout.pid() + ": " + e.getMessage(), e);
    }
  }

  private static void deletePid(Layout layout) {
    try {
      Files.deleteIfExists(layout.pid());
    } catch (IOException e) {
      log().warn("cannot remove {}: {}", layout.pid(), e.getMessage());
    }
  }

  @Override
  public int release(Path data, Output output) {
    var layout = new Layout(data.toAbsolutePath().normalize());
    if (!Files.exists(layout.instance())) {
      return 0;
    }
    try (DataLock lock = DataLock.take(layout)) {
      Release.run(layout);
      return 0;
    } catch (StartException | IOException e) {
      output.error(String.valueOf(e.getMessage()));
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  @Override
  public int doctor(Path data, Output output) {
    try {
      List<String> lines;
      if (ControlClient.isUp(data)) {
        try (ControlClient control = ControlClient.connect(data)) {
          lines = control.get("/v1/doctor").array("lines").strings().toList();
        }
      } else {
        lines = Release.doctor();
      }
      lines.forEach(output::line);
      return lines.stream().anyMatch(l -> l.startsWith("MISSING")) ? 1 : 0;
    } catch (VerbException | IOException e) {
      output.error(String.valueOf(e.getMessage()));
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  @Override
  public int images(Path data, ImageVerb verb, Output output) {
    var layout = new Layout(data.toAbsolutePath().normalize());
    try (DataLock lock = DataLock.take(layout);
        var registries =
            new RegistryClient(
                RegistrySettings.DEFAULT, ProxySettings.fromEnvironment(System.getenv()));
        LocalImageStore images =
            LocalImageStore.open(layout.node(), registries, Clock.systemUTC())) {
      int exitCode = new ImageWork(images).run(verb, output);
      images.unmountIdleLayers(); // a push has mounted them, and nobody would take them down
      return exitCode;
    } catch (ImageException e) {
      output.error(String.valueOf(e.getMessage()));
      return ImageWork.exitCode(e);
    } catch (StartException e) {
      output.error(String.valueOf(e.getMessage()));
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  @Override
  public int train() {
    return Training.run();
  }

  /** Not a constant: where the log goes is known only once the options are read. */
  private static Logger log() {
    return LoggerFactory.getLogger(Application.class);
  }
}
