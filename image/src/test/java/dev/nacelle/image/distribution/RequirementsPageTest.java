package dev.nacelle.image.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The list of requirements in the documentation names tests that are there. */
final class RequirementsPageTest {
  private static final Path PAGE = Path.of("../docs/reference/registry-requirements.md");
  private static final Pattern TEST =
      Pattern.compile("`([A-Z][A-Za-z]*Test)\\.([a-z][A-Za-z0-9]*)`");

  private static Map<String, Path> classes() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("src/test/java"))) {
      return files
          .filter(file -> file.toString().endsWith("Test.java"))
          .collect(
              Collectors.toMap(
                  file -> file.getFileName().toString().replace(".java", ""), file -> file));
    }
  }

  @Test
  void everyTestThatThePageNamesIsThere() throws IOException {
    Map<String, Path> classes = classes();
    Matcher named = TEST.matcher(Files.readString(PAGE));
    var missing = new ArrayList<String>();
    int count = 0;
    while (named.find()) {
      count++;
      Path file = classes.get(named.group(1));
      if (file == null
          || !Pattern.compile("@(Test|Property)\\b[^;{}]*\\bvoid " + named.group(2) + "\\(")
              .matcher(Files.readString(file))
              .find()) {
        missing.add(named.group());
      }
    }
    assertThat(missing).isEmpty();
    assertThat(count).isGreaterThan(50);
  }

  @Test
  void everyRequirementIsShownOrSaidToBeLeft() throws IOException {
    List<String> bare =
        Files.readAllLines(PAGE).stream()
            .filter(line -> line.matches("\\| .*\\| (MUST|SHOULD|MAY)( NOT)? \\|.*"))
            .filter(line -> !TEST.matcher(line).find())
            .filter(line -> !line.contains("not done:") && !line.contains("nothing to do:"))
            .toList();
    assertThat(bare).isEmpty();
  }
}
