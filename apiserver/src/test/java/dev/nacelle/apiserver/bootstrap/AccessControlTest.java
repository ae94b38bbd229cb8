package dev.nacelle.apiserver.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.admission.MutatingStep;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.store.rocks.RocksStore;
import dev.nacelle.store.rocks.RocksStoreOptions;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The flags that choose among the parts of access control. */
class AccessControlTest {
  @TempDir static Path directory;
  private static RocksStore store;
  private static ClusterPki pki;

  @BeforeAll
  static void open() throws Exception {
    store = RocksStore.open(directory.resolve("store"), RocksStoreOptions.defaults());
    pki = ClusterPki.open(directory.resolve("pki"), InstantSource.system());
  }

  @AfterAll
  static void close() {
    store.close();
  }

  private static AccessControl control(
      List<String> modes, List<String> enabled, List<String> disabled) throws Exception {
    return AccessControl.of(
        new AccessControl.Settings(
            pki,
            store,
            Optional.empty(),
            modes,
            enabled,
            disabled,
            InstantSource.system(),
            new Random(1)));
  }

  private static AdmissionSteps steps(List<String> enabled, List<String> disabled)
      throws Exception {
    return control(List.of("Node", "RBAC"), enabled, disabled).steps();
  }

  private static void assertRefused(
      String message, List<String> modes, List<String> enabled, List<String> disabled) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> control(modes, enabled, disabled))
        .withMessage(message);
  }

  @Test
  void everyPluginRunsUnlessItIsDisabled() throws Exception {
    assertThat(steps(List.of("Priority"), List.of()).mutating())
        .extracting(MutatingStep::name)
        .containsExactly(
            "NamespaceLifecycle", "ServiceAccount", "Priority", "DefaultTolerationSeconds");
    AdmissionSteps fewer = steps(List.of(), List.of("ServiceAccount", "Priority"));
    assertThat(fewer.mutating())
        .extracting(MutatingStep::name)
        .containsExactly("NamespaceLifecycle", "DefaultTolerationSeconds");
    assertThat(fewer.validating()).extracting(ValidatingStep::name).doesNotContain("Priority");
  }

  @Test
  void unknownPluginIsRefusedWithItsFlag() {
    String plugins =
        ": there is no such plugin here; the plugins are CertificateApproval, CertificateSigning,"
            + " CertificateSubjectRestriction, DefaultTolerationSeconds, NamespaceLifecycle,"
            + " NodeRestriction, Priority, ServiceAccount";
    List<String> modes = List.of("RBAC");
    assertRefused(
        "cannot use --enable-admission-plugins=PodSecurity" + plugins,
        modes,
        List.of("PodSecurity"),
        List.of());
    // the check against escalation is no plugin: it cannot be named away
    assertRefused(
        "cannot use --disable-admission-plugins=RBACEscalation" + plugins,
        modes,
        List.of(),
        List.of("RBACEscalation"));
  }

  @Test
  void pluginOnBothListsIsRefused() {
    assertRefused(
        "cannot use --enable-admission-plugins=Priority: --disable-admission-plugins names it too",
        List.of("RBAC"),
        List.of("Priority"),
        List.of("Priority"));
  }

  @Test
  void modeThatIsNotBuiltIsRefused() {
    assertRefused(
        "cannot use --authorization-mode=Webhook: kube-apiserver has this mode, Nacelle has not"
            + " yet; the modes are AlwaysAllow, AlwaysDeny, Node, RBAC",
        List.of("Node", "Webhook"),
        List.of(),
        List.of());
    assertRefused(
        "cannot use --authorization-mode=Nobody: the modes are AlwaysAllow, AlwaysDeny, Node,"
            + " RBAC",
        List.of("Nobody"),
        List.of(),
        List.of());
  }
}
