package dev.nacelle.bench.peer;

import dev.nacelle.bench.report.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The image of the peer's sandboxes: a program that waits, made on the spot. */
public final class PauseImage {
  private PauseImage() {}

  /** Writes its archive into a directory. */
  public static Path write(Path work, String reference) throws IOException, InterruptedException {
    Path source = work.resolve("pause.c");
    Path program = work.resolve("pause");
    Files.writeString(source, "#include <unistd.h>\nint main(void) {\n  for (;;) pause();\n}\n");
    Command.output("gcc", "-static", "-O2", "-o", program.toString(), source.toString());
    Path archive = work.resolve("pause.tar");
    ImageArchive.write(archive, reference, program, "/bin/pause");
    return archive;
  }
}
