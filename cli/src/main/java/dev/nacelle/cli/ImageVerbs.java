package dev.nacelle.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code nacelle image ...}: through the platform while it is up, else directly. */
@Command(
    name = "image",
    description = "Work on the images of this host.",
    subcommands = {
      ImageVerbs.Import.class,
      ImageTransfers.Pull.class,
      ImageTransfers.Push.class,
      ImageTransfers.Convert.class,
      ImageTransfers.Trace.class,
      ImageVerbs.Ls.class,
      ImageVerbs.Inspect.class,
      ImageVerbs.Verify.class,
      ImageVerbs.Remove.class,
      ImageVerbs.Prune.class
    })
final class ImageVerbs extends Verb {
  @Override
  public Integer call() {
    cli.out.println(
        "choose one of: import, pull, push, convert, trace, list, inspect, verify, remove, prune;"
            + " see 'nacelle image --help'");
    return 2;
  }

  /** How a verb shows what it has found. */
  static final class Output {
    @Option(
        names = {"-o", "--output"},
        paramLabel = "json",
        description = "show it as JSON")
    Optional<String> form = Optional.empty();
  }

  /** The form that was asked for; only JSON has a name. */
  static Host.ImageVerb.Form form(String what, Optional<String> asked) throws VerbException {
    if (asked.filter(form -> !form.equals("json")).isPresent()) {
      throw new VerbException(
          "cannot show " + what + " as " + asked.get() + ": only json is known", 2);
    }
    return asked.isPresent() ? Host.ImageVerb.Form.JSON : Host.ImageVerb.Form.TEXT;
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
      Host.ImageVerb verb = verb();
      try (var output =
          new ImageOutput(parent.cli.output(), ImageOutput.Screen.of(parent.cli.out))) {
        if (!ControlClient.isUp(data)) {
          return parent.cli.host.images(data, verb, output);
        }
        try (ControlClient control = ControlClient.connect(data)) {
          var answers = new ImageAnswers(output);
          control.stream("/v1/images", ImageRequest.write(verb), answers);
          return answers.exitCode();
        }
      }
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
  @Command(
      name = "list",
      aliases = "ls",
      description = {
        "List the images of this host.",
        "SIZE: all of an image's data and metadata, unpacked. ON DISK: what it takes on this disk.",
        "HERE: how much of SIZE has come, in hundredths; 'whole' is all. What images share counts",
        "for each of them."
      })
  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  static final class Ls extends ImageVerb {
    @Mixin Output output = new Output();

    @Override
    Host.ImageVerb verb() throws VerbException {
      return new Host.ImageVerb.Ls(form("images", output.form));
    }
  }

  /** {@code image inspect}. */
  @Command(name = "inspect", description = "Show all that is known here of an image, as JSON.")
  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  static final class Inspect extends ImageVerb {
    @Mixin Output output = new Output();

    @Parameters(paramLabel = "REF", description = "name of the image")
    String name = "";

    @Override
    Host.ImageVerb verb() throws VerbException {
      form("an image", output.form); // it is always JSON
      return new Host.ImageVerb.Inspect(name);
    }
  }

  /** {@code image verify}. */
  @Command(
      name = "verify",
      description = {
        "Read an image on this disk again, and compare it.",
        "With what was recorded when it came; what is not here yet is not read. Names the layer and",
        "the chunk that differ; the exit code is then 1."
      })
  static final class Verify extends ImageVerb {
    @Parameters(paramLabel = "REF", description = "name of the image")
    String name = "";

    @Override
    Host.ImageVerb verb() {
      return new Host.ImageVerb.Verify(name);
    }
  }

  /** {@code image remove}. */
  @Command(
      name = "remove",
      aliases = "rm",
      description = {
        "Remove images by name.",
        "What cannot be removed is told, the others are removed all the same; the exit code is then 1."
      })
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
