package dev.nacelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BusyboxImageTest {
  @TempDir Path scratch;

  @Test
  void aSecondTreeDiffersInNothingThatAnImageKeeps() throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/bin/busybox"))
            || Files.isExecutable(Path.of("/usr/bin/busybox")),
        "needs busybox-static");
    BusyboxImage.write(scratch.resolve("one"));
    BusyboxImage.write(scratch.resolve("two"));
    assertThat(described(scratch.resolve("one")))
        .hasSizeGreaterThan(20)
        .isEqualTo(described(scratch.resolve("two")))
        .allSatisfy((file, facts) -> assertThat(facts).contains("1970-01-01T00:00:00Z"));
  }

  private static Map<String, String> described(Path tree) throws IOException {
    var result = new TreeMap<String, String>();
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.toList()) {
        result.put(
            tree.relativize(file).toString(),
            Files.readAttributes(file, "unix:mode,lastModifiedTime", LinkOption.NOFOLLOW_LINKS)
                .toString());
      }
    }
    return result;
  }
}
