package dev.nacelle.api.apply;

import static dev.nacelle.api.Trees.kube;
import static dev.nacelle.api.Trees.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.PodLikeSchema;
import dev.nacelle.api.apply.ServerSideApply.Applied;
import dev.nacelle.api.apply.ServerSideApply.Conflicts;
import dev.nacelle.api.apply.ServerSideApply.Result;
import dev.nacelle.api.client.WriteOptions.Force;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ServerSideApplyTest {
  private static final Versions VERSIONS =
      Versions.only("apps/v1", PodLikeSchema.SCHEMA, Set.of(List.of("status")));
  private long seconds = 1_000;

  private FieldWriter writer(String name) {
    return new FieldWriter(name, "apps/v1", "", Instant.ofEpochSecond(seconds++));
  }

  private static KubeObject deployment(String rest) {
    return kube(
        "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web'}" + rest + "}");
  }

  private Result tryApply(String manager, Optional<KubeObject> live, KubeObject config) {
    return ServerSideApply.apply(writer(manager), live, config, VERSIONS, Force.NO);
  }

  private KubeObject apply(String manager, KubeObject live, String rest) {
    Result result = tryApply(manager, Optional.of(live), deployment(rest));
    assertThat(result).isInstanceOf(Applied.class);
    return ((Applied) result).object();
  }

  private KubeObject create(String manager, String rest) {
    return ((Applied) tryApply(manager, Optional.empty(), deployment(rest))).object();
  }

  private KubeObject update(String manager, KubeObject live, KubeObject next) {
    return ManagedFields.afterWrite(writer(manager), Optional.of(live), next, VERSIONS);
  }

  private static JsonObject fields(KubeObject object, String manager) {
    return object
        .metadata()
        .array("managedFields")
        .objects()
        .filter(e -> e.string("manager").filter(manager::equals).isPresent())
        .map(e -> e.object("fieldsV1"))
        .findFirst()
        .orElse(JsonObject.EMPTY);
  }

  @Test
  void aNewObjectIsOwnedByItsApplier() {
    KubeObject made =
        create(
            "kubectl",
            ",'spec':{'replicas':1,'template':{'spec':{'containers':[{'name':'a','image':'i','ports':[{'containerPort':80}]}]}}}");
    assertThat(fields(made, "kubectl"))
        .isEqualTo(
            object(
                """
                {'f:spec':{'f:replicas':{},'f:template':{'f:spec':{'f:containers':{"k:{\\"name\\":\\"a\\"}":
                {'.':{},'f:name':{},'f:image':{},'f:ports':{"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{'.':{},'f:containerPort':{}}}}}}}}}
                """));
    JsonObject entry = made.metadata().array("managedFields").objects().findFirst().orElseThrow();
    assertThat(entry.string("operation")).contains("Apply");
    assertThat(entry.string("time")).contains("1970-01-01T00:16:40Z");
  }

  @Test
  void aSecondApplyChangesNothing() {
    String config = ",'spec':{'replicas':1,'template':{'spec':{'containers':[{'name':'a'}]}}}";
    KubeObject made = create("kubectl", config);
    KubeObject defaulted =
        new KubeObject(made.json().withAt(Json.of("Recreate"), "spec", "strategy", "type"));
    assertThat(apply("kubectl", defaulted, config)).isSameAs(defaulted);
  }

  @Test
  void aFieldOfAnotherIsAConflict() {
    KubeObject made = create("alice", ",'spec':{'replicas':1}");
    Result result = tryApply("bob", Optional.of(made), deployment(",'spec':{'replicas':2}"));
    assertThat(result).isInstanceOf(Conflicts.class);
    ApiException refusal = ((Conflicts) result).toException();
    assertThat(refusal.code()).isEqualTo(409);
    assertThat(refusal.status().reason()).isEqualTo("Conflict");
    assertThat(refusal)
        .hasMessage("Apply failed with 1 conflict: conflict with \"alice\": .spec.replicas");
    assertThat(refusal.status().details().causes().getFirst().reason())
        .isEqualTo("FieldManagerConflict");
    assertThat(refusal.status().details().causes().getFirst().field()).isEqualTo(".spec.replicas");
  }

  @Test
  void severalConflictsAreListedByManager() {
    KubeObject made = create("alice", ",'spec':{'replicas':1,'paused':true}");
    Result result =
        tryApply("bob", Optional.of(made), deployment(",'spec':{'replicas':2,'paused':false}"));
    assertThat(((Conflicts) result).toException())
        .hasMessage(
            "Apply failed with 2 conflicts: conflicts with \"alice\":\n- .spec.paused\n- .spec.replicas");
  }

  @Test
  void forceTakesTheFieldOver() {
    KubeObject made = create("alice", ",'spec':{'replicas':1,'paused':true}");
    var result =
        (Applied)
            ServerSideApply.apply(
                writer("bob"),
                Optional.of(made),
                deployment(",'spec':{'replicas':2}"),
                VERSIONS,
                Force.YES);
    assertThat(result.object().spec()).isEqualTo(object("{'replicas':2,'paused':true}"));
    assertThat(fields(result.object(), "alice")).isEqualTo(object("{'f:spec':{'f:paused':{}}}"));
  }

  @Test
  void theSameValueIsShared() {
    KubeObject made = create("alice", ",'spec':{'replicas':1}");
    KubeObject both = apply("bob", made, ",'spec':{'replicas':1}");
    assertThat(fields(both, "alice")).isEqualTo(fields(both, "bob"));
    KubeObject without = apply("bob", both, "");
    assertThat(without.spec()).isEqualTo(object("{'replicas':1}"));
    assertThat(fields(without, "bob")).isEqualTo(JsonObject.EMPTY);
  }

  @Test
  void whatIsNoLongerStatedGoes() {
    KubeObject made =
        create(
            "kubectl",
            ",'spec':{'replicas':1,'paused':true,'template':{'metadata':{'labels':{'a':'1'}},'spec':{'containers':[{'name':'a'},{'name':'b'}]}}}");
    KubeObject next =
        apply(
            "kubectl",
            made,
            ",'spec':{'replicas':1,'template':{'spec':{'containers':[{'name':'b'}]}}}");
    assertThat(next.spec())
        .isEqualTo(object("{'replicas':1,'template':{'spec':{'containers':[{'name':'b'}]}}}"));
  }

  @Test
  void metadataOfTheSystemSurvivesPruning() {
    KubeObject made =
        kubeWithLabels(create("kubectl", ",'spec':{'replicas':1}"))
            .withMetadata("uid", Json.of("u"))
            .withMetadata("creationTimestamp", Json.of("2026-01-01T00:00:00Z"))
            .withMetadata("resourceVersion", Json.of("7"));
    KubeObject next = apply("kubectl", made, ",'spec':{'replicas':2}");
    assertThat(next.uid()).isEqualTo("u");
    assertThat(next.resourceVersion()).isEqualTo("7");
    assertThat(next.creationTimestamp()).isPresent();
    assertThat(next.labels()).containsEntry("x", "y");
  }

  private KubeObject kubeWithLabels(KubeObject live) {
    return update("labeller", live, live.withLabel("x", "y"));
  }

  @Test
  void dropsTheLastLabelButKeepsTheName() {
    KubeObject live =
        ((Applied)
                tryApply(
                    "kubectl",
                    Optional.empty(),
                    kube(
                        "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web','labels':{'a':'b'}}}")))
            .object();
    KubeObject next = apply("kubectl", live, "");
    assertThat(next.name()).isEqualTo("web");
    assertThat(next.metadata().has("labels")).isFalse();
  }

  @Test
  void itemsOfOthersKeepTheirPlace() {
    KubeObject made =
        create(
            "kubectl", ",'spec':{'template':{'spec':{'containers':[{'name':'a'},{'name':'b'}]}}}");
    KubeObject injected =
        update(
            "injector",
            made,
            new KubeObject(
                made.json()
                    .withAt(
                        dev.nacelle.api.Trees.json("[{'name':'a'},{'name':'side'},{'name':'b'}]"),
                        "spec",
                        "template",
                        "spec",
                        "containers")));
    KubeObject next =
        apply(
            "kubectl",
            injected,
            ",'spec':{'template':{'spec':{'containers':[{'name':'b'},{'name':'a','image':'x'}]}}}");
    assertThat(
            next.spec()
                .array("template", "spec", "containers")
                .objects()
                .map(c -> c.string("name").orElse("")))
        .containsExactlyInAnyOrder("a", "b", "side")
        .containsSubsequence("b", "a");
  }

  @Test
  void anAtomicMapIsOwnedAsAWhole() {
    KubeObject made = create("a", ",'spec':{'selector':{'matchLabels':{'x':'1','y':'2'}}}");
    assertThat(fields(made, "a")).isEqualTo(object("{'f:spec':{'f:selector':{}}}"));
    KubeObject next = apply("a", made, ",'spec':{'selector':{'matchLabels':{'x':'1'}}}");
    assertThat(next.spec()).isEqualTo(object("{'selector':{'matchLabels':{'x':'1'}}}"));
  }

  @Test
  void nullsAndResetFieldsStateNothing() {
    KubeObject made = create("a", ",'spec':{'replicas':1},'status':{'replicas':4}");
    assertThat(made.json().has("status")).isFalse();
    KubeObject same =
        ((Applied)
                tryApply(
                    "a",
                    Optional.of(
                        made.withMetadata("creationTimestamp", Json.of("2026-01-01T00:00:00Z"))),
                    kube(
                        "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'web','creationTimestamp':null},'spec':{'replicas':1},'status':{}}")))
            .object();
    assertThat(same.creationTimestamp()).isPresent();
  }

  @Test
  void aConfigurationMustFitTheSchema() {
    assertThatThrownBy(() -> create("a", ",'spec':{'foo':1}"))
        .hasMessage(
            "failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema");
    assertThatThrownBy(() -> create("a", ",'spec':{'replicas':'x'}"))
        .hasMessageContaining(".spec.replicas: expected numeric (int or float), got string");
    assertThatThrownBy(
            () ->
                create(
                    "a",
                    ",'spec':{'template':{'spec':{'containers':[{'name':'a'},{'name':'a'}]}}}"))
        .hasMessageContaining("duplicate entries for key [name=\"a\"]");
  }

  @Test
  void anUpdateOwnsWhatItChanges() {
    KubeObject made =
        ManagedFields.afterWrite(
            writer("creator"),
            Optional.empty(),
            deployment(",'spec':{'replicas':1,'paused':false}"),
            VERSIONS);
    assertThat(fields(made, "creator"))
        .isEqualTo(object("{'f:spec':{'.':{},'f:replicas':{},'f:paused':{}}}"));
    KubeObject scaled =
        update("scaler", made, new KubeObject(made.json().withAt(Json.of(3), "spec", "replicas")));
    assertThat(fields(scaled, "scaler")).isEqualTo(object("{'f:spec':{'f:replicas':{}}}"));
    assertThat(fields(scaled, "creator")).isEqualTo(object("{'f:spec':{'.':{},'f:paused':{}}}"));
    assertThat(update("other", scaled, scaled)).isEqualTo(scaled);
  }

  @Test
  void anUpdaterIsNamedWithItsVersionInConflicts() {
    KubeObject made =
        ManagedFields.afterWrite(
            writer("kubectl-client-side-apply"),
            Optional.empty(),
            deployment(",'spec':{'replicas':1}"),
            VERSIONS);
    Result result = tryApply("x", Optional.of(made), deployment(",'spec':{'replicas':2}"));
    assertThat(((Conflicts) result).toException())
        .hasMessage(
            "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: .spec.replicas");
  }

  @Test
  void kubectlTakesOverFromItsClientSideApply() {
    KubeObject made =
        deployment(",'spec':{'replicas':1}")
            .withAnnotation(
                LastApplied.ANNOTATION,
                "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\"},\"spec\":{\"replicas\":1}}\n");
    KubeObject live =
        ManagedFields.afterWrite(
            writer("kubectl-client-side-apply"), Optional.empty(), made, VERSIONS);
    KubeObject next = apply("kubectl", live, ",'spec':{'replicas':2}");
    assertThat(next.spec()).isEqualTo(object("{'replicas':2}"));
    assertThat(next.annotation(LastApplied.ANNOTATION).orElseThrow()).contains("\"replicas\":2");
  }

  @Test
  void anObjectWithoutOwnersKeepsWhatItHad() {
    KubeObject old = deployment(",'spec':{'replicas':1,'paused':true}");
    Result result = tryApply("a", Optional.of(old), deployment(",'spec':{'replicas':2}"));
    assertThat(((Conflicts) result).toException())
        .hasMessage(
            "Apply failed with 1 conflict: conflict with \"before-first-apply\" using apps/v1: .spec.replicas");
    assertThat(update("u", old, old.withLabel("a", "b")).metadata().has("managedFields")).isFalse();
  }

  @Test
  void managedFieldsMayBeEditedAndReset() {
    KubeObject made = create("a", ",'spec':{'replicas':1}");
    KubeObject reset =
        update("u", made, made.withMetadata("managedFields", dev.nacelle.api.Trees.json("[{}]")));
    assertThat(reset.metadata().has("managedFields")).isFalse();
    var migrated =
        dev.nacelle.api.Trees.json(
            "[{'manager':'b','operation':'Apply','apiVersion':'apps/v1','time':'2026-01-01T00:00:00Z','fieldsType':'FieldsV1','fieldsV1':{'f:spec':{'f:replicas':{}}}}]");
    assertThat(
            update("u", made, made.withMetadata("managedFields", migrated))
                .metadata()
                .get("managedFields"))
        .contains(migrated);
  }

  @Test
  void manyUpdatersBecomeAncient() {
    KubeObject live =
        ManagedFields.afterWrite(
            writer("creator"), Optional.empty(), deployment(",'spec':{'replicas':0}"), VERSIONS);
    for (int i = 0; i < 20; i++) {
      live = update("m" + i, live, live.withLabel("l" + i, "x"));
    }
    assertThat(live.metadata().array("managedFields").size()).isEqualTo(10);
    assertThat(fields(live, "ancient-changes").toString()).contains("f:l0", "f:l10", "f:replicas");
  }

  @Test
  void withoutASchemaMapsAreGranularAndListsAtomic() {
    Versions loose = Versions.only("x/v1", Schema.ANY, Set.of());
    var writer = new FieldWriter("a", "x/v1", "", Instant.EPOCH);
    var made =
        (Applied)
            ServerSideApply.apply(
                writer,
                Optional.empty(),
                kube("{'apiVersion':'x/v1','kind':'X','spec':{'m':{'a':1},'l':[{'name':'q'}]}}"),
                loose,
                Force.NO);
    assertThat(fields(made.object(), "a"))
        .isEqualTo(object("{'f:spec':{'.':{},'f:m':{'.':{},'f:a':{}},'f:l':{}}}"));
  }

  @Test
  void aStatusApplyOwnsItsSubresource() {
    Versions ofStatus =
        Versions.only(
            "apps/v1", PodLikeSchema.SCHEMA, Set.of(List.of("spec"), List.of("metadata")));
    KubeObject live = create("a", ",'spec':{'replicas':1}");
    var writer = new FieldWriter("c", "apps/v1", "status", Instant.EPOCH);
    var next =
        (Applied)
            ServerSideApply.apply(
                writer,
                Optional.of(live),
                deployment(
                    ",'spec':{'replicas':9},'status':{'conditions':[{'type':'Ready','status':'True'}]}"),
                ofStatus,
                Force.NO);
    assertThat(next.object().spec()).isEqualTo(object("{'replicas':1}"));
    assertThat(fields(next.object(), "c").toString())
        .contains("f:conditions")
        .doesNotContain("f:spec");
    assertThat(next.object().metadata().toString()).contains("\"subresource\":\"status\"");
  }
}
