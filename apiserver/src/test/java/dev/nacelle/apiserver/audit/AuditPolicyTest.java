package dev.nacelle.apiserver.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.access.Attributes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditPolicyTest {
  private static final Identity EVA = Identity.of("eva", "dev", Identity.AUTHENTICATED);

  @TempDir Path directory;

  private AuditPolicy policy(String rules) {
    try {
      Path file = directory.resolve("policy.yaml");
      Files.writeString(file, "apiVersion: audit.k8s.io/v1\nkind: Policy\n" + rules);
      return AuditPolicyFile.read(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Attributes resource(
      String verb, String group, String resource, String subresource, String namespace) {
    return new Attributes(
        EVA, verb, new Attributes.Resource(group, "v1", resource, subresource, namespace, "first"));
  }

  private static Attributes path(String path) {
    return new Attributes(EVA, "get", new Attributes.Path(path));
  }

  private static String level(AuditPolicy policy, Attributes asked) {
    return policy.scopeOf(asked).level().text();
  }

  @Test
  void firstRuleThatMatchesDecides() {
    AuditPolicy policy =
        policy(
            """
            rules:
            - {level: None, users: [system:kube-proxy], verbs: [watch]}
            - level: None
              userGroups: [dev]
              nonResourceURLs: ["/api*", "/version"]
            - level: Request
              resources: [{group: "", resources: [configmaps]}]
              namespaces: [kube-system]
            - {level: Metadata, resources: [{group: "", resources: [secrets, configmaps]}]}
            - level: RequestResponse
              resources: [{group: apps}]
              omitStages: [RequestReceived]
            - {level: Metadata, nonResourceURLs: ["*"]}
            """);
    assertThat(level(policy, path("/api/v1"))).isEqualTo("None");
    assertThat(level(policy, path("/version"))).isEqualTo("None");
    assertThat(level(policy, path("/versions"))).isEqualTo("Metadata");
    assertThat(level(policy, resource("get", "", "configmaps", "", "kube-system")))
        .isEqualTo("Request");
    assertThat(level(policy, resource("get", "", "configmaps", "", "default")))
        .isEqualTo("Metadata");
    assertThat(level(policy, resource("update", "apps", "deployments", "scale", "default")))
        .isEqualTo("RequestResponse");
    assertThat(level(policy, resource("get", "", "pods", "", "default"))).isEqualTo("None");
  }

  @Test
  void subresourcesAndNamesAreNamedAsUpstreamNamesThem() {
    AuditPolicy pods = policy("rules: [{level: Metadata, resources: [{resources: [pods]}]}]");
    assertThat(level(pods, resource("get", "", "pods", "", "a"))).isEqualTo("Metadata");
    assertThat(level(pods, resource("get", "", "pods", "log", "a"))).isEqualTo("None");
    for (String pattern : new String[] {"pods/log", "\"*\"", "\"*/log\"", "pods/*"}) {
      AuditPolicy logs =
          policy("rules: [{level: Metadata, resources: [{resources: [" + pattern + "]}]}]");
      assertThat(level(logs, resource("get", "", "pods", "log", "a"))).isEqualTo("Metadata");
    }
    AuditPolicy named =
        policy(
            """
            rules:
            - {level: Metadata, resources: [{resources: [pods], resourceNames: [other]}]}""");
    assertThat(level(named, resource("get", "", "pods", "", "a"))).isEqualTo("None");
  }

  @Test
  void ruleWithoutAnythingMatchesEverything() {
    AuditPolicy policy = policy("rules: [{level: Metadata}]");
    assertThat(level(policy, path("/healthz"))).isEqualTo("Metadata");
    assertThat(level(policy, resource("get", "", "pods", "", "a"))).isEqualTo("Metadata");
  }

  @Test
  void stagesAddUpAndManagedFieldsAreTheRulesFirst() {
    AuditPolicy policy =
        policy(
            """
            omitStages: [RequestReceived]
            omitManagedFields: true
            rules:
            - {level: Metadata, verbs: [get], omitStages: [Panic], omitManagedFields: false}
            - {level: Metadata}
            """);
    AuditScope get = policy.scopeOf(resource("get", "", "pods", "", "a"));
    assertThat(get.omitted())
        .containsExactlyInAnyOrder(AuditStage.REQUEST_RECEIVED, AuditStage.PANIC);
    assertThat(get.managedFields()).isEqualTo(AuditScope.ManagedFields.KEPT);
    AuditScope list = policy.scopeOf(resource("list", "", "pods", "", "a"));
    assertThat(list.omitted()).containsExactly(AuditStage.REQUEST_RECEIVED);
    assertThat(list.managedFields()).isEqualTo(AuditScope.ManagedFields.OMITTED);
  }

  private void assertRefused(String text, String... messages) {
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> policy(text))
        .withMessageStartingWith("cannot use --audit-policy-file=")
        .satisfies(e -> assertThat(e.getMessage()).contains(messages));
  }

  @Test
  void policyThatMeansNothingIsRefused() {
    assertRefused("rules: []", "loaded illegal policy with 0 rules");
    assertRefused("rules: [{}]", "rules[0].level: Required value");
    assertRefused(
        "rules: [{level: All}]",
        "rules[0].level: Unsupported value: \"All\": supported values: \"None\", \"Metadata\","
            + " \"Request\", \"RequestResponse\"");
    assertRefused(
        """
        rules:
        - level: Metadata
          nonResourceURLs: [metrics, "/a*b"]
          namespaces: [default]
          omitStages: [Never]
          resources: [{resourceNames: [a]}]
        """,
        "rules[0].nonResourceURLs[0]: Invalid value: \"metrics\": non-resource URL rules must"
            + " begin with a '/' character",
        "non-resource URL wildcards '*' must be the final character of the rule",
        "rules cannot apply to both regular resources and non-resource URLs",
        "using resourceNames requires at least one resource",
        "rules[0].omitStages: Unsupported value: \"Never\"");
    assertRefused(": [", "");
  }

  @Test
  void fileOfAnotherVersionIsRefused() throws Exception {
    Path file = directory.resolve("old.yaml");
    Files.writeString(file, "{apiVersion: audit.k8s.io/v1beta1, kind: Policy, rules: []}");
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> AuditPolicyFile.read(file))
        .withMessageContaining("unknown group version \"audit.k8s.io/v1beta1\"");
    assertThatExceptionOfType(IllegalArgumentException.class)
        .isThrownBy(() -> AuditPolicyFile.read(directory.resolve("none")))
        .withMessageStartingWith("cannot use --audit-policy-file=");
  }
}
