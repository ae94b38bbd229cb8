package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.testbed.DebianRegistry;
import dev.nacelle.testbed.DelayingProxy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Containers read an image that is not here yet while the platform, the keeper, or both are killed:
 * every byte each reader sees is compared with the original, of files that are read and of programs
 * that are executed. {@code -Dnacelle.lazy.kills} says how often, {@code -Dnacelle.crash.seed}
 * repeats the moments of a run.
 */
@Tag("e2e")
class LazyImageCrashTest {
  private static final int KILLS = Integer.getInteger("nacelle.lazy.kills", 2);
  private static final long SEED = Long.getLong("nacelle.crash.seed", System.nanoTime());
  private static final int READERS = 4;

  /** So many that readers never run out of what is missing before the last kill. */
  private static final int FILES = 30 + 30 * KILLS;

  /** One chunk each, of noise: nothing is fetched by the way. */
  private static final int FILE_BYTES = 512 << 10;

  /** One of so many files is a program. */
  private static final int PROGRAM_EACH = 10;

  private static final int PACE_MICROS = 100_000;
  private static final Duration ROUND_TRIP = Duration.ofMillis(20);
  private static final int LIFE_MILLIS = 700;

  /** What is killed. */
  private enum Victim {
    PLATFORM,
    KEEPER,
    BOTH
  }

  private PlatformUnderTest platform;
  private DebianRegistry registry;
  private DelayingProxy link;
  private String image;

  @BeforeEach
  void start() throws Exception {
    PlatformUnderTest.missing().ifPresent(Assumptions::abort);
    Assumptions.assumeTrue(DebianRegistry.isInstalled(), "needs Debian's docker-registry");
    platform = PlatformUnderTest.create("lazy");
    registry = DebianRegistry.start(platform.scratch().resolve("registry"));
    link = DelayingProxy.start(registry.port(), ROUND_TRIP);
    platform.up();
    Assumptions.assumeTrue(
        platform.verb("doctor").run().out().contains("pre-content events of fanotify"),
        "needs pre-content events");
    image = "127.0.0.1:" + link.port() + "/it/noise:1";
    publish();
  }

  @AfterEach
  void end() throws IOException {
    if (platform != null) {
      platform.close();
    }
    if (link != null) {
      link.close();
    }
    if (registry != null) {
      registry.close();
    }
  }

  /** Pushes the image with its streaming form, and forgets it here. */
  private void publish() throws Exception {
    Path tree = BusyboxTree.write(Files.createDirectory(platform.scratch().resolve("tree")));
    Path files = Files.createDirectory(tree.resolve("files"));
    var random = new Random(SEED);
    byte[] busybox = Files.readAllBytes(tree.resolve("bin/busybox"));
    var sums = new StringBuilder();
    List<String> names = new ArrayList<>();
    byte[] noise = new byte[FILE_BYTES];
    for (int n = 0; n < FILES; n++) {
      random.nextBytes(noise);
      boolean program = n % PROGRAM_EACH == 0;
      String name = (program ? "busybox-" : "noise-") + n;
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      Path file = files.resolve(name);
      if (program) {
        Files.write(file, busybox);
        digest.update(busybox);
        Files.write(file, noise, StandardOpenOption.APPEND);
      } else {
        Files.write(file, noise);
      }
      digest.update(noise);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
      sums.append(HexFormat.of().formatHex(digest.digest())).append("  ").append(name).append('\n');
      names.add(name);
    }
    Files.writeString(tree.resolve("sums"), sums);
    for (int reader = 0; reader < READERS; reader++) {
      Collections.shuffle(names, random);
      Files.writeString(tree.resolve("order-" + reader), String.join("\n", names) + "\n");
    }
    platform.verb("image", "import", tree.toString(), "--name", image).run().ok();
    platform.verb("image", "push", image).run().ok();
    platform.verb("image", "convert", image).run().ok();
    platform.verb("image", "prune").run().ok();
    dev.nacelle.base.files.Trees.delete(tree);
  }

  /** A reader says a line for each file that was wrong or could not be read, and at its end. */
  private static String reader(int number, String image) {
    return """
    apiVersion: v1
    kind: Pod
    metadata: {name: reader-%1$d}
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: "%2$s"
          command:
            - sh
            - -c
            - |
              cat /sums > /tmp/sums; cat /order-%1$d > /tmp/order; cd /files
              while read f; do
                case $f in busybox-*) [ "$(./$f echo ran)" = ran ] || echo "FAILED $f" ;; esac
                is=$(sha256sum $f) || echo "FAILED $f"
                grep -qF "$is" /tmp/sums || [ -z "$is" ] || echo "WRONG $f"
                usleep %3$d
              done < /tmp/order
              echo "END $(wc -l < /tmp/order)"
    """
        .formatted(number, image, PACE_MICROS);
  }

  private void killUnderReaders(Victim victim) throws InterruptedException {
    Kubectl kubectl = platform.kubectl();
    for (int n = 0; n < READERS; n++) {
      kubectl.apply(reader(n, image));
    }
    var random = new Random(SEED);
    var recoveries = new ArrayList<Long>();
    for (int kill = 0; kill < KILLS; kill++) {
      // a random moment: there is no condition to wait for
      TimeUnit.MILLISECONDS.sleep(random.nextInt(LIFE_MILLIS));
      long from = System.nanoTime();
      kill(victim);
      recoveries.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from));
    }
    List<String> said = new ArrayList<>();
    for (int n = 0; n < READERS; n++) {
      String pod = "reader-" + n;
      kubectl.awaitPath("{.status.phase}", "Succeeded"::equals, "pod", pod);
      said.addAll(kubectl.ok("logs", pod).lines().toList());
    }
    Collections.sort(recoveries);
    System.out.printf(
        "kills of %s: %d, seed %d; %d reads of files each checked, %d wrong, %d failed;"
            + " from the kill until it ran again: p50 %d ms, at most %d ms%n",
        victim,
        KILLS,
        SEED,
        READERS * FILES,
        said.stream().filter(l -> l.startsWith("WRONG")).count(),
        said.stream().filter(l -> l.startsWith("FAILED")).count(),
        recoveries.get(recoveries.size() / 2),
        recoveries.getLast());
    assertThat(said).as("seed %d", SEED).allMatch(line -> line.equals("END " + FILES));
    assertThat(said).hasSize(READERS);
  }

  private void kill(Victim victim) {
    ProcessHandle keeper =
        Eventually.present(
            "a keeper runs", () -> platform.companions("keeper").stream().findFirst());
    switch (victim) {
      case PLATFORM -> platform.kill();
      case KEEPER -> PlatformUnderTest.kill(keeper);
      case BOTH -> {
        ProcessHandle process = platform.process();
        process.destroyForcibly();
        PlatformUnderTest.kill(keeper);
        PlatformUnderTest.kill(process);
      }
    }
    if (victim != Victim.KEEPER) {
      platform.up();
    }
    Eventually.holds(
        "another keeper runs",
        () ->
            platform.companions("keeper").stream()
                .anyMatch(k -> victim == Victim.PLATFORM || k.pid() != keeper.pid()));
  }

  @Test
  void noByteIsWrongAndNoReadFailsWhenThePlatformIsKilled() throws Exception {
    killUnderReaders(Victim.PLATFORM);
  }

  @Test
  void noByteIsWrongWhenTheKeeperIsKilled() throws Exception {
    killUnderReaders(Victim.KEEPER);
  }

  @Test
  void noByteIsWrongWhenBothAreKilled() throws Exception {
    killUnderReaders(Victim.BOTH);
  }
}
