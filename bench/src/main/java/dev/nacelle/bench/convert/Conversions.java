package dev.nacelle.bench.convert;

import dev.nacelle.base.files.Trees;
import dev.nacelle.bench.peer.Containerd;
import dev.nacelle.bench.platform.Instance;
import dev.nacelle.bench.platform.Session;
import dev.nacelle.bench.report.Command;
import dev.nacelle.bench.report.Samples;
import dev.nacelle.bench.report.Table;
import dev.nacelle.bench.report.Target;
import dev.nacelle.testbed.DebianRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code image convert} of an image in a plain registry, which has to be fetched, unpacked,
 * converted and pushed: by a platform that runs, and by a host where none does, the start of the
 * verb included both times; beside containerd's import and unpacking of the same image from a file,
 * run by run in turn. Layers are gzip tars of directories of this host.
 */
public final class Conversions {
  private static final List<List<String>> LAYERS =
      List.of(
          List.of("usr/lib/python3", "usr/lib/git-core", "usr/lib/gcc"),
          List.of("usr/share/perl", "usr/share/vim", "usr/share/doc"));

  private Conversions() {}

  public static void run(Session session, int count) throws IOException, InterruptedException {
    Path work = Files.createTempDirectory(session.work(), "convert-");
    try (DebianRegistry registry = DebianRegistry.start(work);
        Containerd peer = Containerd.start(work, "bench/pause:1");
        Instance instance = session.instance()) {
      instance.up();
      Path archive = archive(work);
      String launcher = session.root().resolve("nacelle").toString();
      Path local = work.resolve("local");
      image(launcher, local, "import", archive.toString(), "--name", "bench:1");
      var running = new Samples();
      var alone = new Samples();
      var unpack = new Samples();
      String form = "";
      for (int i = 0; i <= count; i++) {
        boolean counts = i > 0; // the first round compiles
        String name = registry.host() + "/bench" + i;
        image(launcher, local, "push", "bench:1", name + "a:1");
        image(launcher, local, "push", "bench:1", name + "b:1");
        long begin = System.nanoTime();
        form = image(launcher, instance.data(), "convert", name + "a:1");
        add(running, begin, counts);
        Path fresh = work.resolve("fresh" + i);
        begin = System.nanoTime();
        image(launcher, fresh, "convert", name + "b:1");
        add(alone, begin, counts);
        begin = System.nanoTime();
        peer.importImage(archive);
        add(unpack, begin, counts);
        peer.removeImage("docker.io/library/bench:1");
      }
      session.heading("convert: an image of " + LAYERS.size() + " layers, seconds");
      session.out().println(form.strip().lines().reduce("", (before, line) -> line));
      Table table = Table.ofQuantiles("wall time of");
      table.quantiles("image convert, by a running platform", running);
      table.quantiles("image convert, where none runs", alone);
      table.quantiles("containerd: import and unpack", unpack);
      table.print(session.out());
      Target.below("convert by a running platform / containerd", "", 1, 1)
          .print(running.median() / unpack.median(), session.out());
    } finally {
      Trees.delete(work);
    }
  }

  private static void add(Samples samples, long begin, boolean counts) {
    if (counts) {
      samples.add(seconds(begin));
    }
  }

  private static double seconds(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  private static String image(String launcher, Path data, String... words)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(launcher, "image"));
    command.addAll(List.of(words));
    command.addAll(List.of("--data", data.toString()));
    return Command.output(command);
  }

  /** The image as {@code docker save} writes it. */
  private static Path archive(Path work) throws IOException, InterruptedException {
    var names = new ArrayList<String>();
    var diffIds = new ArrayList<String>();
    for (List<String> directories : LAYERS) {
      String tar = work.resolve("layer" + names.size() + ".tar").toString();
      var command = new ArrayList<>(List.of("tar", "-C", "/", "-cf", tar));
      command.addAll(directories.stream().filter(d -> Files.exists(Path.of("/", d))).toList());
      Command.output(command);
      String diffId = Command.output("sha256sum", tar).substring(0, 64);
      Command.output("gzip", "-6", tar);
      diffIds.add("\"sha256:" + diffId + "\"");
      names.add("layer" + names.size() + ".tar.gz");
    }
    String architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    Files.writeString(
        work.resolve("config.json"),
        """
        {"architecture":"%s","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%s]}}"""
            .formatted(architecture, String.join(",", diffIds)));
    Files.writeString(
        work.resolve("manifest.json"),
        """
        [{"Config":"config.json","RepoTags":["docker.io/library/bench:1"],"Layers":[%s]}]"""
            .formatted(String.join(",", names.stream().map(n -> '"' + n + '"').toList())));
    var command =
        new ArrayList<>(
            List.of("tar", "-C", work.toString(), "-cf", work.resolve("image.tar").toString()));
    command.addAll(List.of("config.json", "manifest.json"));
    command.addAll(names);
    Command.output(command);
    return work.resolve("image.tar");
  }
}
