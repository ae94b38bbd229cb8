package dev.nacelle.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.cli.Host.AuthFile;
import dev.nacelle.cli.Host.ImageVerb;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command line makes of {@code nacelle image ...} while no platform runs. */
final class ImageVerbsTest {
  @TempDir Path directory;

  /** Remembers what it was to do. */
  private static final class RememberingHost implements Host {
    private final List<ImageVerb> verbs = new ArrayList<>();
    private int exitCode;

    @Override
    public int run(UpOptions options, StartReport report) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int release(Path data, Output output) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int doctor(Path data, Output output) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int images(Path data, ImageVerb verb, Output output) {
      verbs.add(verb);
      output.step(new LayerStep("pull", "sha256:0123456789abcdef", 5, 10));
      output.step(new LayerStep("pull", "sha256:0123456789abcdef", 2048, 2048));
      output.line("a line");
      return exitCode;
    }

    @Override
    public int train() {
      throw new UnsupportedOperationException();
    }
  }

  private final RememberingHost host = new RememberingHost();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... words) {
    var arguments = new ArrayList<>(List.of("image"));
    arguments.addAll(List.of(words));
    if (words.length > 0 && !words[0].startsWith("-")) {
      arguments.add("--data=" + directory);
    }
    return Cli.run(
        host,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        arguments.toArray(String[]::new));
  }

  private void assertVerb(ImageVerb expected, String... words) {
    assertThat(run(words)).as(err.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(host.verbs.getLast()).isEqualTo(expected);
    assertThat(ImageRequest.read(ImageRequest.write(expected))).isEqualTo(expected);
  }

  @Test
  void eachVerbIsUnderstoodAndSurvivesItsRequest() throws Exception {
    Path auth = Files.writeString(directory.resolve("auth.json"), "{\"auths\":{}}");
    var secrets = new AuthFile("{\"auths\":{}}");
    Optional<String> none = Optional.empty();
    assertVerb(
        new ImageVerb.Pull("a:1", none, ImageVerb.Data.AS_READ, AuthFile.NONE), "pull", "a:1");
    assertVerb(
        new ImageVerb.Pull("a:1", Optional.of("linux/arm64"), ImageVerb.Data.ALL, secrets),
        "pull",
        "a:1",
        "--platform",
        "linux/arm64",
        "--all-data",
        "--authfile",
        auth.toString());
    assertVerb(
        new ImageVerb.Push("a:1", none, ImageVerb.Layers.ORIGINAL, AuthFile.NONE), "push", "a:1");
    assertVerb(
        new ImageVerb.Push("a:1", Optional.of("b:2"), ImageVerb.Layers.REBUILT, secrets),
        "push",
        "a:1",
        "b:2",
        "--rebuild",
        "--authfile=" + auth);
    assertVerb(
        new ImageVerb.Convert("a:1", ImageVerb.Platforms.HOST, AuthFile.NONE), "convert", "a:1");
    assertVerb(
        new ImageVerb.Convert("a:1", ImageVerb.Platforms.ALL, AuthFile.NONE),
        "convert",
        "--all-platforms",
        "a:1");
    assertTrace(ImageVerb.TraceTask.SHOW, ImageVerb.Form.TEXT, "a:1");
    assertTrace(ImageVerb.TraceTask.SHOW, ImageVerb.Form.JSON, "a:1", "-o", "json");
    assertTrace(ImageVerb.TraceTask.RECORD, ImageVerb.Form.TEXT, "--record", "a:1");
    assertTrace(ImageVerb.TraceTask.PUSH, ImageVerb.Form.TEXT, "a:1", "--push");
    assertTrace(ImageVerb.TraceTask.DELETE, ImageVerb.Form.TEXT, "a:1", "--delete");
    assertVerb(new ImageVerb.Inspect("a:1"), "inspect", "a:1");
    assertVerb(new ImageVerb.Verify("a:1"), "verify", "a:1");
    assertVerb(new ImageVerb.Inspect("a:1"), "inspect", "a:1", "-o", "json");
    assertVerb(new ImageVerb.Ls(ImageVerb.Form.TEXT), "ls");
    assertVerb(new ImageVerb.Ls(ImageVerb.Form.JSON), "ls", "-o", "json");
    assertVerb(new ImageVerb.Remove(List.of("a:1", "b:1")), "rm", "a:1", "b:1");
    assertVerb(new ImageVerb.Prune(), "prune");
    assertVerb(
        new ImageVerb.Import(directory.resolve("x"), "a:1"),
        "import",
        directory.resolve("x").toString(),
        "--name=a:1");
  }

  private void assertTrace(ImageVerb.TraceTask task, ImageVerb.Form form, String... words) {
    var all = new ArrayList<>(List.of("trace"));
    all.addAll(List.of(words));
    assertVerb(new ImageVerb.Trace("a:1", task, form, AuthFile.NONE), all.toArray(String[]::new));
  }

  @Test
  void aTraceIsShownOrChangedAndOnlyJsonIsKnown() {
    assertThat(run("trace", "a:1", "--push", "--delete")).isEqualTo(2);
    assertThat(run("trace", "a:1", "--record", "-o", "json")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("cannot show what is changed");
    assertThat(run("trace", "a:1", "-o", "yaml")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("only json is known");
    assertThat(host.verbs).isEmpty();
    JsonObject later = JsonObject.builder().put("verb", "trace").put("task", "burn").build();
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> ImageRequest.read(later))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void onlyJsonIsKnownBesideTheTable() {
    assertThat(run("ls", "-o", "yaml")).isEqualTo(2);
    assertThat(run("inspect", "a:1", "-o", "yaml")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("cannot show images as yaml: only json is known", "cannot show an image as yaml");
    assertThat(host.verbs).isEmpty();
  }

  @Test
  void eachVerbIsSummedUpInAWholeSentence() {
    assertThat(run("--help")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .filteredOn(line -> line.matches(" {2}[a-z]+(, [a-z]+)? {2,}.*"))
        .hasSize(10)
        .allMatch(line -> line.endsWith("."));
  }

  @Test
  void wrongUsageIsOneLineAndTwo() {
    assertThat(run("pull")).isEqualTo(2);
    assertThat(run("push", "a", "b", "c")).isEqualTo(2);
    assertThat(run("pull", "a", "--authfile", directory.resolve("none").toString())).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("none: no such file");
    assertThat(host.verbs).isEmpty();
  }

  @Test
  void theExitCodeIsTheHosts() {
    host.exitCode = 1;
    assertThat(run("verify", "a:1")).isEqualTo(1);
  }

  @Test
  void withoutATerminalAPhaseThatIsDoneIsALine() {
    assertThat(run("pull", "a:1")).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .containsExactly("0123456789ab pulled, 2.0 KiB", "a line");
  }

  @Test
  void ofALayerThatIsNotWholeWhatIsHereIsRead() {
    try (var output = new ImageOutput(lines(), new ImageOutput.Screen.Plain())) {
      output.step(new Host.LayerStep("verify", "sha256:0123456789abcdef", 2048, 2048, 4 << 20));
    }
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo("0123456789ab read again, 2.0 KiB that is here of 4.0 MiB\n");
  }

  private Host.Output lines() {
    var stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    return new Host.Output() {
      @Override
      public void line(String text) {
        stream.println(text);
      }

      @Override
      public void error(String text) {
        stream.println(text);
      }
    };
  }

  @Test
  void onATerminalEachLayerHasALineThatIsDrawnAnew() {
    var stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    long[] now = {0};
    try (var output =
        new ImageOutput(lines(), new ImageOutput.Screen.Terminal(stream), () -> now[0])) {
      output.step(new Host.LayerStep("pull", "sha256:aaaaaaaaaaaaaa", 0, 4 << 20));
      output.step(new Host.LayerStep("pull", "sha256:bbbbbbbbbbbbbb", 1 << 20, 4 << 20));
      now[0] += 200_000_000;
      output.step(new Host.LayerStep("pull", "sha256:aaaaaaaaaaaaaa", 2 << 20, 4 << 20));
      output.line("end");
    }
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "\raaaaaaaaaaaa pull     [------------------------]   0% of 4.0 MiB\033[K\n"
                + "\033[1A\raaaaaaaaaaaa pull     [############------------]  50% of 4.0 MiB\033[K\n"
                + "\rbbbbbbbbbbbb pull     [######------------------]  25% of 4.0 MiB\033[K\n"
                + "end\n");
  }

  @Test
  void anAnswerThatBreaksOffIsNoSuccess() throws VerbException {
    var lines = new ArrayList<String>();
    var answers =
        new ImageAnswers(
            new Host.Output() {
              @Override
              public void line(String text) {
                lines.add(text);
              }

              @Override
              public void error(String text) {
                lines.add("error: " + text);
              }
            });
    answers.accept(JsonObject.builder().put("line", "one").build());
    answers.accept(JsonObject.builder().put("error", "two").build());
    org.assertj.core.api.Assertions.assertThatThrownBy(answers::exitCode)
        .isInstanceOf(VerbException.class)
        .hasMessageContaining("broke off");
    answers.accept(JsonObject.builder().put("exitCode", 2).build());
    assertThat(answers.exitCode()).isEqualTo(2);
    assertThat(lines).containsExactly("one", "error: two");
  }

  @Test
  void credentialsAreNotShown() {
    assertThat(
            new ImageVerb.Convert("a", ImageVerb.Platforms.HOST, new AuthFile("secret")).toString())
        .doesNotContain("secret");
  }
}
