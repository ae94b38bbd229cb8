package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/** The log of a container that writes 0, 1, 2, ..., a line every 10 ms. */
final class CounterLog {
  /** The command of such a container, as YAML. */
  static final String COMMAND =
      "[\"sh\", \"-c\", \"i=0; while true; do echo $i; i=$((i+1)); usleep 10000; done\"]";

  private CounterLog() {}

  /** Fails if a line is missing, doubled or torn; how many there are. */
  static int wholeOf(Kubectl kubectl, String... podAndContainer) {
    return whole(kubectl.command("logs").with(podAndContainer).run().ok().lines().toList());
  }

  /** The same for lines from anywhere. */
  static int whole(List<String> lines) {
    for (int i = 0; i < lines.size(); i++) {
      assertThat(lines.get(i)).as("line %d of the log", i).isEqualTo(Integer.toString(i));
    }
    return lines.size();
  }
}
