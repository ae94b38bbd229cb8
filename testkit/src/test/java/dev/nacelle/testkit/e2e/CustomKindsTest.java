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
    String other = DEFINITION.replace("boat", "raft").replace("Boat", "Raft").replace("bt", "rf");
    kubectl.apply(other);
    kubectl.await("condition=Established", "crd/rafts.harbour.example.com");
    kubectl.apply(BOAT.replace("Boat", "Raft"));
    kubectl.ok("delete", "crd", "rafts.harbour.example.com", "--timeout=60s");
    Eventually.sees(
        "the kind is unknown again",
        () -> kubectl.run("get", "rafts.harbour.example.com").err(),
        err -> err.contains("the server doesn't have a resource type"));
  }
}
