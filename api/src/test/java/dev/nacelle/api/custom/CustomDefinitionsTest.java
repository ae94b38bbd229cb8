package dev.nacelle.api.custom;

import static dev.nacelle.api.Trees.kube;
import static dev.nacelle.api.Trees.object;
import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.definition.Column;
import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.SelectableField;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CustomDefinitionsTest {
  private static final Hooks HOOKS =
      BuiltInKinds.all().stream()
          .filter(d -> d.names().kind().equals("CustomResourceDefinition"))
          .findFirst()
          .orElseThrow()
          .hooks();
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Hooks.Context CONTEXT = new Hooks.Context(Identity.ANONYMOUS, NOW, "v1");
  private static final String VALID =
      """
      {'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition','metadata':{'name':'crontabs.stable.example.com'},
       'spec':{'group':'stable.example.com','scope':'Namespaced','names':{'plural':'crontabs','kind':'CronTab','shortNames':['ct']},
       'versions':[
        {'name':'v1beta1','served':true,'storage':false,'deprecated':true,'schema':{'openAPIV3Schema':{'type':'object','x-kubernetes-preserve-unknown-fields':true}}},
        {'name':'v1','served':true,'storage':true,'subresources':{'status':{},'scale':{'specReplicasPath':'.spec.replicas','statusReplicasPath':'.status.replicas'}},
         'additionalPrinterColumns':[{'name':'Spec','type':'string','jsonPath':'.spec.cron'},{'name':'Replicas','type':'integer','jsonPath':'.spec.replicas','priority':1}],
         'selectableFields':[{'jsonPath':'.spec.cron'}],
         'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'type':'object','properties':{'cron':{'type':'string','default':'x'},'replicas':{'type':'integer'}}}}}}}]}}
      """;

  private static KubeObject made(String text) {
    JsonObject defaulted = HOOKS.applyDefaults("v1", object(text));
    return HOOKS.prepareForCreate(CONTEXT, new KubeObject(defaulted));
  }

  private static List<String> errors(String text) {
    return CustomDefinitions.validate(made(text)).stream().map(FieldError::message).toList();
  }

  @Test
  void aDefinitionBecomesAKind() {
    ResourceDefinition kind = CustomDefinitions.toDefinition(made(VALID));
    assertThat(kind.groupResource()).isEqualTo("crontabs.stable.example.com");
    assertThat(kind.names().listKind()).isEqualTo("CronTabList");
    assertThat(kind.names().singular()).isEqualTo("crontab");
    assertThat(kind.versions())
        .extracting(VersionDefinition::name)
        .containsExactly("v1", "v1beta1");
    VersionDefinition v1 = kind.storedVersion();
    assertThat(v1.hasStatus()).isTrue();
    assertThat(v1.scale().orElseThrow().specReplicas()).isEqualTo(".spec.replicas");
    assertThat(v1.selectableFields())
        .extracting(SelectableField::path)
        .containsExactly("spec.cron");
    assertThat(v1.columns()).extracting(Column::name).containsExactly("Name", "Spec", "Replicas");
    assertThat(
            v1.columns().stream()
                .map(
                    c ->
                        c.cell()
                            .value(
                                kube(
                                    "{'metadata':{'name':'a'},'spec':{'cron':'* *','replicas':2}}"),
                                NOW)))
        .containsExactly(Json.of("a"), Json.of("* *"), Json.of(2));
    assertThat(v1.schema().property("metadata").orElseThrow().property("labels")).isPresent();
    VersionDefinition beta = kind.version("v1beta1").orElseThrow();
    assertThat(beta.deprecationWarning())
        .contains("stable.example.com/v1beta1 CronTab is deprecated");
    assertThat(beta.columns()).extracting(Column::name).containsExactly("Name", "Age");
  }

  @Test
  void aGoodDefinitionIsValid() {
    assertThat(errors(VALID)).isEmpty();
  }

  @Test
  void wrongDefinitionsAreWordedAsUpstream() {
    assertThat(errors(VALID.replace("'name':'crontabs.stable", "'name':'tabs.stable")))
        .containsExactly(
            "metadata.name: Invalid value: \"tabs.stable.example.com\": must be spec.names.plural+\".\"+spec.group");
    assertThat(errors(VALID.replace("'storage':true", "'storage':false")))
        .singleElement()
        .asString()
        .endsWith("must have exactly one version marked as storage version");
    assertThat(errors(VALID.replace("'cron':{'type':'string',", "'cron':{")))
        .contains(
            "spec.versions[1].schema.openAPIV3Schema.properties[spec].properties[cron].type: Required value: must not be empty for specified object fields");
    assertThat(errors(VALID.replace("'default':'x'", "'default':7")))
        .singleElement()
        .asString()
        .contains(".default: Invalid value: \"integer\"");
    assertThat(errors(VALID.replace("'scope':'Namespaced'", "'scope':'Galaxy'")))
        .containsExactly(
            "spec.scope: Unsupported value: \"Galaxy\": supported values: \"Cluster\", \"Namespaced\"");
    assertThat(
            errors(
                VALID.replace(
                    "'scope':'Namespaced'",
                    "'scope':'Namespaced','conversion':{'strategy':'Webhook'}")))
        .singleElement()
        .asString()
        .contains("conversion webhooks are not served here");
  }

  @Test
  void namesCannotChange() {
    KubeObject old = made(VALID);
    KubeObject next =
        new KubeObject(old.json().withAt(Json.of("other.example.com"), "spec", "group"));
    assertThat(CustomDefinitions.validateUpdate(next, old))
        .extracting(FieldError::message)
        .contains("spec.group: Invalid value: \"other.example.com\": field is immutable");
  }

  @Test
  void freeNamesAreAcceptedAtOnce() {
    KubeObject crd = made(VALID);
    JsonObject status = CustomDefinitions.planStatus(crd, List.of(), NOW);
    KubeObject planned = crd.withStatus(status);
    assertThat(CustomDefinitions.isEstablished(planned)).isTrue();
    assertThat(status.array("storedVersions").strings()).containsExactly("v1");
    assertThat(status.string("acceptedNames", "plural")).contains("crontabs");
    assertThat(CustomDefinitions.planStatus(planned, List.of(), NOW.plusSeconds(9)))
        .isSameAs(planned.status());
  }

  @Test
  void takenNamesAreReported() {
    ResourceDefinition other =
        CustomDefinitions.toDefinition(
            made(VALID.replace("crontabs", "crons").replace("'CronTab'", "'Cron'")));
    JsonObject status = CustomDefinitions.planStatus(made(VALID), List.of(other), NOW);
    assertThat(status.array("conditions").toString())
        .contains("ShortNamesConflict")
        .contains("not all names are accepted");
    assertThat(CustomDefinitions.isEstablished(made(VALID).withStatus(status))).isFalse();
  }

  @Test
  void rulesInCelAreWarnedOfForTheyAreNotEnforced() {
    assertThat(UnenforcedRules.warnings(made(VALID))).isEmpty();
    String ruled =
        VALID.replace(
            "'cron':{'type':'string',",
            "'cron':{'type':'string','x-kubernetes-validations':[{'rule':'size(self) > 3'}],");
    assertThat(HOOKS.warnings(CONTEXT, made(ruled), Optional.empty()))
        .containsExactly(
            "spec.versions[1].schema.openAPIV3Schema: x-kubernetes-validations: 1 rule is stored,"
                + " but not enforced by this version");
  }
}
