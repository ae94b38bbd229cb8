package dev.nacelle.node.start;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.pod.Pods;
import dev.nacelle.runtime.ProcessUser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UsersTest {
  private static final Accounts ACCOUNTS =
      new Accounts(
          List.of(new Accounts.User("root", 0, 0), new Accounts.User("app", 1000, 1001)),
          List.of(
              new Accounts.Group("wheel", 10, List.of("root")),
              new Accounts.Group("video", 44, List.of("app", "other"))));

  private static ProcessUser resolve(String podContext, String context, String imageUser)
      throws ConfigurationException {
    PodView pod =
        Pods.pod(
            "securityContext: {"
                + podContext
                + "}\ncontainers: [{name: web, securityContext: {"
                + context
                + "}}]");
    return Users.resolve(
        new Users.Wish(pod, pod.containers().getFirst(), Optional.of(imageUser)), ACCOUNTS);
  }

  @Test
  void imageUserIsLookedUp() throws Exception {
    assertThat(resolve("", "", "")).isEqualTo(new ProcessUser(0, 0, List.of(0L, 10L)));
    assertThat(resolve("", "", "app")).isEqualTo(new ProcessUser(1000, 1001, List.of(44L, 1001L)));
    assertThat(resolve("", "", "1000")).isEqualTo(new ProcessUser(1000, 1001, List.of(44L, 1001L)));
    assertThat(resolve("", "", "77:88")).isEqualTo(new ProcessUser(77, 88, List.of(88L)));
    assertThat(resolve("", "", "app:video")).isEqualTo(new ProcessUser(1000, 44, List.of(44L)));
    assertThatThrownBy(() -> resolve("", "", "nobody"))
        .hasMessage("unable to find user nobody: no matching entries in passwd file");
  }

  @Test
  void contextsGoOverTheImageAndTheContainersOverThePods() throws Exception {
    assertThat(resolve("runAsUser: 5, runAsGroup: 6", "runAsUser: 7", "app"))
        .isEqualTo(new ProcessUser(7, 6, List.of(6L)));
    assertThat(resolve("fsGroup: 9, supplementalGroups: [3, 4]", "runAsUser: 1000", ""))
        .isEqualTo(new ProcessUser(1000, 1001, List.of(3L, 4L, 9L, 44L, 1001L)));
    assertThat(
            resolve("supplementalGroupsPolicy: Strict, fsGroup: 9", "runAsUser: 1000", "")
                .supplementalGroups())
        .containsExactly(9L, 1001L);
  }

  @Test
  void rootIsRefusedWhereItIsForbidden() throws Exception {
    assertThat(resolve("runAsNonRoot: true", "", "1000").uid()).isEqualTo(1000);
    assertThat(resolve("runAsNonRoot: true", "runAsNonRoot: false", "").uid()).isZero();
    assertThatThrownBy(() -> resolve("runAsNonRoot: true", "", ""))
        .hasMessage(
            "container has runAsNonRoot and image will run as root"
                + " (pod: \"a_ns(u-1)\", container: web)");
    assertThatThrownBy(() -> resolve("runAsNonRoot: true", "runAsUser: 0", "app"))
        .hasMessageStartingWith("container's runAsUser breaks non-root policy");
    assertThatThrownBy(() -> resolve("", "runAsNonRoot: true", "app"))
        .hasMessageStartingWith(
            "container has runAsNonRoot and image has non-numeric user (app), cannot verify");
  }

  @Test
  void filesOfTheImageAreReadAndLinksNotFollowed(@TempDir Path root) throws Exception {
    Files.createDirectories(root.resolve("etc"));
    Files.writeString(
        root.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nbad line\napp:x:5:6::/:\n");
    Files.createSymbolicLink(root.resolve("etc/group"), Path.of("/etc/group"));
    Accounts accounts = Accounts.read(root);
    assertThat(accounts.user("app")).contains(new Accounts.User("app", 5, 6));
    assertThat(accounts.groups()).isEmpty();
  }
}
