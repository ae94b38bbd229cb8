package dev.nacelle.cli;

import dev.nacelle.cli.Host.AuthFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The verbs on images that speak to registries. */
final class ImageTransfers {
  private static final int MAX_AUTH_BYTES = 1 << 20;

  private ImageTransfers() {}

  /** What they have in common. */
  abstract static class Transfer extends ImageVerbs.ImageVerb {
    @Option(
        names = "--authfile",
        paramLabel = "FILE",
        description = "credentials, as Docker's config.json has them; - reads them from the input")
    Optional<Path> authFile = Optional.empty();

    AuthFile auth() throws VerbException {
      if (authFile.isEmpty()) {
        return AuthFile.NONE;
      }
      Path file = authFile.get();
      try (InputStream in = file.toString().equals("-") ? System.in : Files.newInputStream(file)) {
        byte[] text = in.readNBytes(MAX_AUTH_BYTES);
        return new AuthFile(new String(text, StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new VerbException("cannot read credentials from " + file + ": " + why(e), 2);
      }
    }

    /** Those whose message is but the name of the file say their reason by their kind. */
    private static String why(IOException e) {
      return switch (e) {
        case NoSuchFileException none -> "no such file; name the right one with --authfile";
        case AccessDeniedException denied -> "permission denied";
        default -> String.valueOf(e.getMessage());
      };
    }
  }

  /** {@code image pull}. */
  @Command(
      name = "pull",
      description = {"Pull an image from a registry.", "Also where a like-named one is here."})
  static final class Pull extends Transfer {
    @Parameters(paramLabel = "REF", description = "name of the image")
    String name = "";

    @Option(
        names = "--platform",
        paramLabel = "OS/ARCH",
        description = {
          "the image for another platform than this host's, whole;",
          "it gets no tag here, only its digest"
        })
    Optional<String> platform = Optional.empty();

    @Option(
        names = "--all-data",
        description = "wait until all of its data is here, not only what it takes to run it")
    boolean allData;

    @Override
    Host.ImageVerb verb() throws VerbException {
      return new Host.ImageVerb.Pull(
          name, platform, allData ? Host.ImageVerb.Data.ALL : Host.ImageVerb.Data.AS_READ, auth());
    }
  }

  /** {@code image push}. */
  @Command(
      name = "push",
      description = {
        "Push an image of this host to a registry.",
        "The layers of a pulled image are copied from where it came from, so that it keeps its",
        "digest; those of an imported one are written anew from this disk."
      })
  static final class Push extends Transfer {
    @Parameters(index = "0", paramLabel = "REF", description = "name of the image here")
    String name = "";

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "TARGET",
        description = "its name there (default: the same)")
    Optional<String> target = Optional.empty();

    @Option(
        names = "--rebuild",
        description = "write the layers of a pulled image anew too; it gets another digest")
    boolean rebuild;

    @Override
    Host.ImageVerb verb() throws VerbException {
      return new Host.ImageVerb.Push(
          name,
          target,
          rebuild ? Host.ImageVerb.Layers.REBUILT : Host.ImageVerb.Layers.ORIGINAL,
          auth());
    }
  }

  /** {@code image trace}. */
  @Command(
      name = "trace",
      description = {
        "Show what starts of an image have needed.",
        "By this, the next start fetches it ahead of its readers. For each layer the chunks in their",
        "order, when they were needed, and which files they are."
      })
  @SuppressWarnings("NullAway.Init") // picocli sets the fields
  static final class Trace extends Transfer {
    @Parameters(paramLabel = "REF", description = "name of the image")
    String name = "";

    @Option(
        names = "--record",
        description = {
          "drop the trace of this host, and record the next cold start here as if nothing were",
          "known; what it gives replaces the trace in the registry"
        })
    boolean record;

    @Option(
        names = "--push",
        description = "lay the trace of this host beside the image in its registry")
    boolean push;

    @Option(
        names = "--delete",
        description = "delete the traces of the image, here and in its registry")
    boolean delete;

    @Mixin ImageVerbs.Output output = new ImageVerbs.Output();

    @Override
    Host.ImageVerb verb() throws VerbException {
      var tasks = new ArrayList<Host.ImageVerb.TraceTask>();
      if (record) {
        tasks.add(Host.ImageVerb.TraceTask.RECORD);
      }
      if (push) {
        tasks.add(Host.ImageVerb.TraceTask.PUSH);
      }
      if (delete) {
        tasks.add(Host.ImageVerb.TraceTask.DELETE);
      }
      if (tasks.size() > 1) {
        throw new VerbException("cannot do more than one of --record, --push and --delete", 2);
      }
      if (output.form.isPresent() && !tasks.isEmpty()) {
        throw new VerbException(
            "cannot show what is changed: -o goes with neither --record, --push nor --delete", 2);
      }
      return new Host.ImageVerb.Trace(
          name,
          tasks.isEmpty() ? Host.ImageVerb.TraceTask.SHOW : tasks.getFirst(),
          ImageVerbs.form("a trace", output.form),
          auth());
    }
  }

  /** {@code image convert}. */
  @Command(
      name = "convert",
      description = {
        "Lay the streaming form of an image beside it in its registry.",
        "Containers then start before it has arrived. Needs the right to push there."
      })
  static final class Convert extends Transfer {
    @Parameters(paramLabel = "REF", description = "name of the image in its registry")
    String name = "";

    @Option(
        names = "--all-platforms",
        description = "the images for all platforms, not only that for this host's")
    boolean allPlatforms;

    @Override
    Host.ImageVerb verb() throws VerbException {
      return new Host.ImageVerb.Convert(
          name,
          allPlatforms ? Host.ImageVerb.Platforms.ALL : Host.ImageVerb.Platforms.HOST,
          auth());
    }
  }
}
