package dev.nacelle.node.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.pod.Pods;
import org.junit.jupiter.api.Test;

class AbsentLogTest {

  @Test
  void theLogOfAContainerThatEndedIsGone() {
    assertThat(text("{terminated: {exitCode: 0, containerID: nacelle://abc}}"))
        .isEqualTo("unable to retrieve container logs for nacelle://abc");
  }

  @Test
  void aContainerThatNeverRanIsNotSaidToWait() {
    assertThatThrownBy(() -> text("{terminated: {exitCode: 137}}"))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("container \"main\" in pod \"web\" is terminated");
  }

  @Test
  void aContainerThatWaitsSaysForWhat() {
    assertThatThrownBy(() -> text("{waiting: {reason: ContainerCreating}}"))
        .hasMessageContaining("\"main\" in pod \"web\" is waiting to start: ContainerCreating");
    assertThatThrownBy(() -> text("{waiting: {reason: ImagePullBackOff}}"))
        .hasMessageContaining("is waiting to start: trying and failing to pull image");
  }

  private static String text(String state) {
    return AbsentLog.text(
        new PodView(
            new KubeObject(
                Pods.yaml(
                    "{metadata: {name: web, namespace: ns}, status: {phase: Failed,"
                        + " containerStatuses: [{name: main, state: "
                        + state
                        + "}]}}"))),
        "main");
  }
}
