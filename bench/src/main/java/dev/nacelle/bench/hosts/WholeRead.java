package dev.nacelle.bench.hosts;

import dev.nacelle.base.files.Trees;
import dev.nacelle.bench.image.DebianImage;
import dev.nacelle.bench.report.Command;
import dev.nacelle.image.registry.Descriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads every file of a tree and says one digest of all of them; in a container, or here. */
final class WholeRead {
  private static final String PROGRAM =
      """
      import hashlib, os, sys
      digest, n = hashlib.sha256(), 0
      for top, directories, names in os.walk(os.path.join(sys.argv[1], 'usr')):
          directories.sort()
          for name in sorted(names):
              path = os.path.join(top, name)
              if os.path.isfile(path) and not os.path.islink(path):
                  with open(path, 'rb', buffering=0) as f:
                      while part := f.read(1 << 20):
                          digest.update(part)
                          n += len(part)
      print(digest.hexdigest(), n, flush=True)
      """;

  private WholeRead() {}

  /** The command line; it leaves nothing in the tree. */
  static List<String> command(String root) {
    return List.of("python3", "-B", "-I", "-c", PROGRAM, root);
  }

  /** What it has to say of an image, by the layers as they were made. */
  static String expected(DebianImage image, Path work) throws IOException, InterruptedException {
    Path tree = Files.createDirectory(work.resolve("original"));
    for (Descriptor layer : image.blobs().subList(1, image.blobs().size())) {
      Command.output("tar", "-xzf", image.file(layer).toString(), "-C", tree.toString());
    }
    var command = new ArrayList<>(List.of("env", "LC_ALL=C.UTF-8"));
    command.addAll(command(tree.toString()));
    String said = Command.output(command).strip();
    Trees.delete(tree);
    return said;
  }
}
