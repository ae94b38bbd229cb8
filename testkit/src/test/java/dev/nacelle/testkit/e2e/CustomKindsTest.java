package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A CustomResourceDefinition and its objects go the way of every kind. */
@Tag("e2e")
class CustomKindsTest {
  @RegisterExtension static final SharedPlatform PLATFORM = new SharedPlatform("crd");

  private static final String DEFINITION =
      """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata:
        name: boats.harbour.example.com
      spec:
        group: harbour.example.com
        scope: Namespaced
        names: {plural: boats, singular: boat, kind: Boat, shortNames: [bt], categories: [all]}
        versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    required: [sails]
                    properties:
                      sails: {type: integer, minimum: 1, maximum: 9, description: How many sails it has.}
                      colour: {type: string, enum: [red, blue], default: red}
                      crew: {type: integer}
                  status:
                    type: object
                    properties:
                      crew: {type: integer}
                      selector: {type: string}
            subresources:
              status: {}
              scale:
                specReplicasPath: .spec.crew
                statusReplicasPath: .status.crew
                labelSelectorPath: .status.selector
            additionalPrinterColumns:
              - {name: Sails, type: integer, jsonPath: .spec.sails}
              - {name: Colour, type: string, jsonPath: .spec.colour}
      """;

  private static final String BOAT =
      """
      apiVersion: harbour.example.com/v1
      kind: Boat
      metadata: {name: sloop}
      spec: {sails: 2, crew: 3}
      """;

  @BeforeAll
  static void define() {
    PLATFORM.kubectl().apply(DEFINITION);
    PLATFORM.kubectl().await("condition=Established", "crd/boats.harbour.example.com");
  }

  private static Kubectl harbour(String namespace) {
    Kubectl kubectl = PLATFORM.kubectlIn(namespace);
    assertThat(kubectl.apply(BOAT)).contains("boat.harbour.example.com/sloop created");
    return kubectl;
  }

  @Test
  void anObjectIsDefaultedAndPrintedInItsColumns() {
    Kubectl kubectl = harbour("columns");
    assertThat(kubectl.ok("get", "bt"))
        .containsPattern("NAME +SAILS +COLOUR\n")
        .containsPattern("sloop +2 +red");
    assertThat(kubectl.ok("get", "all")).contains("boat.harbour.example.com/sloop");
    assertThat(kubectl.apply(BOAT)).contains("unchanged");
    assertThat(kubectl.ok("explain", "boat.spec.sails")).contains("How many sails it has.");
  }

  @Test
  void anInvalidObjectIsRefusedWithItsField() {
    Kubectl kubectl = harbour("invalid");
    Command.Outcome many =
        kubectl.command("apply", "-f", "-").reading(BOAT.replace("sails: 2", "sails: 12")).run();
    assertThat(many.exitCode()).isEqualTo(1);
    assertThat(many.err())
        .contains("spec.sails: Invalid value: 12", "should be less than or equal to 9");
    Command.Outcome colour =
        kubectl
            .command("apply", "-f", "-")
            .reading(BOAT.replace("sails: 2", "sails: 2, colour: green"))
            .run();
    assertThat(colour.err())
        .contains("spec.colour: Unsupported value: \"green\": supported values: \"red\", \"blue\"");
    Command.Outcome unknown =
        kubectl
            .command("apply", "-f", "-")
            .reading(BOAT.replace("sails: 2", "sails: 2, anchor: 1"))
            .run();
    assertThat(unknown.err()).contains("unknown field \"spec.anchor\"");
  }

  @Test
  void whatTheSchemaDoesNotKnowIsPruned() {
    Kubectl kubectl = PLATFORM.kubectlIn("pruned");
    kubectl.apply(BOAT.replace("sails: 2", "sails: 2, anchor: 1"), "--validate=ignore");
    assertThat(kubectl.path("{.spec.sails}/{.spec.colour}/{.spec.anchor}", "boat", "sloop"))
        .isEqualTo("2/red/");
  }

  @Test
  void serverSideApplyKnowsTheKind() {
    Kubectl kubectl = PLATFORM.kubectlIn("applied");
    assertThat(kubectl.apply(BOAT, "--server-side"))
        .contains("boat.harbour.example.com/sloop serverside-applied");
    String before = kubectl.path("{.metadata.resourceVersion}", "boat", "sloop");
    kubectl.apply(BOAT, "--server-side");
    assertThat(kubectl.path("{.metadata.resourceVersion}", "boat", "sloop")).isEqualTo(before);
    Command.Outcome conflict =
        kubectl
            .command("apply", "--server-side", "--field-manager=another", "-f", "-")
            .reading(BOAT.replace("sails: 2", "sails: 3"))
            .run();
    assertThat(conflict.err()).contains("conflict with \"kubectl\": .spec.sails");
  }

  @Test
  void objectsAreWatchedDescribedAndDeleted() {
    Kubectl kubectl = PLATFORM.kubectlIn("watched");
    try (BackgroundCommand watch = kubectl.command("get", "boats", "--watch").background()) {
      kubectl.apply(BOAT);
      Eventually.holds(
          "the new object is told in its columns",
          () -> watch.lines().stream().anyMatch(l -> l.matches("sloop +2 +red *")),
          () -> String.join("\n", watch.lines()));
      kubectl.ok("patch", "bt", "sloop", "--type=merge", "-p", "{\"spec\":{\"sails\":4}}");
      Eventually.holds(
          "the change is told",
          () -> watch.lines().stream().anyMatch(l -> l.matches("sloop +4 +red *")),
          () -> String.join("\n", watch.lines()));
    }
    assertThat(kubectl.ok("describe", "boat", "sloop"))
        .containsPattern("Kind: +Boat")
        .containsPattern("Sails: +4")
        .containsPattern("Generation: +2");
    assertThat(kubectl.command("delete", "-f", "-").reading(BOAT).run().ok())
        .contains("boat.harbour.example.com \"sloop\" deleted");
    assertThat(kubectl.ok("get", "boats", "-o", "name")).isEmpty();
  }

  @Test
  void aChangedDefinitionCountsForTheObjectsThatAreThere() {
    Kubectl kubectl = PLATFORM.kubectlIn("changed");
    String definition = renamed(DEFINITION, "canoe", "Canoe", "cn");
    kubectl.apply(definition);
    kubectl.await("condition=Established", "crd/canoes.harbour.example.com");
    kubectl.apply(renamed(BOAT, "canoe", "Canoe", "cn"));
    kubectl.apply(
        definition.replace(
            "crew: {type: integer}\n            status:",
            "crew: {type: integer}\n                keel: {type: string, default: oak}\n"
                + "            status:"));
    kubectl.awaitPath("{.spec.keel}", "oak"::equals, "canoe", "sloop");
    Eventually.sees(
        "the new field is explained",
        () -> kubectl.run("explain", "canoe.spec").out(),
        text -> text.contains("keel"));
    kubectl.ok("patch", "canoe", "sloop", "--type=merge", "-p", "{\"spec\":{\"keel\":\"ash\"}}");
    assertThat(kubectl.path("{.spec.keel}", "canoe", "sloop")).isEqualTo("ash");
  }

  private static String renamed(String yaml, String name, String kind, String shortName) {
    return yaml.replace("boat", name).replace("Boat", kind).replace("bt", shortName);
  }

  @Test
  void theScaleSubresourceChangesThePathThatTheDefinitionNames() {
    Kubectl kubectl = harbour("scale");
    kubectl.ok("scale", "boat/sloop", "--replicas=7");
    assertThat(kubectl.path("{.spec.crew}", "boat", "sloop")).isEqualTo("7");
  }

  @Test
  void theStatusSubresourceIsApart() {
    Kubectl kubectl = harbour("status");
    kubectl.ok(
        "patch",
        "boat",
        "sloop",
        "--subresource=status",
        "--type=merge",
        "-p",
        "{\"status\":{\"crew\":2},\"spec\":{\"sails\":5}}");
    assertThat(kubectl.path("{.status.crew} {.spec.sails}", "boat", "sloop")).isEqualTo("2 2");
    kubectl.ok("patch", "boat", "sloop", "--type=merge", "-p", "{\"status\":{\"crew\":9}}");
    assertThat(kubectl.path("{.status.crew}", "boat", "sloop")).isEqualTo("2");
  }

  @Test
  void deletingTheDefinitionDeletesItsObjects() {
    Kubectl kubectl = PLATFORM.kubectlIn("gone");
    kubectl.apply(renamed(DEFINITION, "raft", "Raft", "rf"));
    kubectl.await("condition=Established", "crd/rafts.harbour.example.com");
    kubectl.apply(renamed(BOAT, "raft", "Raft", "rf"));
    kubectl.ok("delete", "crd", "rafts.harbour.example.com", "--timeout=60s");
    Eventually.sees(
        "the kind is unknown again",
        () -> kubectl.run("get", "rafts.harbour.example.com").err(),
        err -> err.contains("the server doesn't have a resource type"));
  }
}
