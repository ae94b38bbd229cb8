package dev.nacelle.cli;

import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code nacelle image ...}: through the platform while it is up, else directly. */
@Command(
    name = "image",
    description = "Work on the images of this host.",
    subcommands = {
      ImageVerbs.Import.class,
      ImageVerbs.Ls.class,
      ImageVerbs.Remove.class,
      ImageVerbs.Prune.class
    })
final class ImageVerbs extends Verb {
  @Override
  public Integer call() {
    cli.out.println("choose one of: import, list, remove, prune; see 'nacelle image --help'");
    return 2;
  }

  /** A verb below image. */
  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  abstract static class ImageVerb implements java.util.concurrent.Callable<Integer> {
    @ParentCommand ImageVerbs parent;

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        description = "show this help")
    boolean help;

    @Option(
        names = "--data",
        paramLabel = "DIR",
        description = "data directory of the instance (default: ${DEFAULT-VALUE})")
    Path data = Path.of(UpOptions.DEFAULT_DATA);

    abstract Host.ImageVerb verb() throws VerbException;

    @Override
    public Integer call() throws VerbException, InterruptedException {
      if (!ControlClient.isUp(data)) {
        return parent.cli.host.images(data, verb(), parent.cli.output());
      }
      try (ControlClient control = ControlClient.connect(data)) {
        JsonObject answer = control.post("/v1/images", json(verb()));
        answer.array("lines").strings().forEach(parent.cli.out::println);
        return 0;
      }
    }

    private static JsonObject json(Host.ImageVerb verb) {
      return switch (verb) {
        case Host.ImageVerb.Import(Path source, String name) ->
            JsonObject.builder()
                .put("verb", "import")
                .put("source", source.toString())
                .put("name", name)
                .build();
        case Host.ImageVerb.Ls ls -> JsonObject.builder().put("verb", "list").build();
        case Host.ImageVerb.Remove(List<String> names) ->
            JsonObject.builder()
                .put("verb", "remove")
                .put("names", JsonArray.ofStrings(names))
                .build();
        case Host.ImageVerb.Prune prune -> JsonObject.builder().put("verb", "prune").build();
      };
    }
  }

  /** {@code image import}. */
  @Command(
      name = "import",
      description = {
        "Import an image from a file or a directory.",
        "A directory or a tar of a root filesystem becomes one layer; archives of 'docker save'",
        "and OCI layouts keep their configuration."
      })
  static final class Import extends ImageVerb {
    @Parameters(paramLabel = "FILE|DIR", description = "what to import")
    Path source = Path.of(".");

    @Option(names = "--name", paramLabel = "REF", required = true, description = "its name")
    String name = "";

    @Override
    Host.ImageVerb verb() {
      return new Host.ImageVerb.Import(source.toAbsolutePath().normalize(), name);
    }
  }

  /** {@code image list}. */
  @Command(name = "list", aliases = "ls", description = "List the images of this host.")
  static final class Ls extends ImageVerb {
    @Override
    Host.ImageVerb verb() {
      return new Host.ImageVerb.Ls();
    }
  }

  /** {@code image remove}. */
  @Command(name = "remove", aliases = "rm", description = "Remove images by name.")
  static final class Remove extends ImageVerb {
    @Parameters(paramLabel = "REF", arity = "1..*", description = "names of images")
    List<String> names = List.of();

    @Override
    Host.ImageVerb verb() {
      return new Host.ImageVerb.Remove(
          names.stream().filter(n -> !n.isBlank()).collect(Collectors.toList()));
    }
  }

  /** {@code image prune}. */
  @Command(name = "prune", description = "Remove all images that no pod uses.")
  static final class Prune extends ImageVerb {
    @Override
    Host.ImageVerb verb() {
      return new Host.ImageVerb.Prune();
    }
  }
}
