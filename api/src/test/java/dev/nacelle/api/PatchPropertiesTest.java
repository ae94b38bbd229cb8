package dev.nacelle.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.apply.FieldSet;
import dev.nacelle.api.apply.FieldWriter;
import dev.nacelle.api.apply.ManagedFields;
import dev.nacelle.api.apply.ServerSideApply;
import dev.nacelle.api.apply.Versions;
import dev.nacelle.api.client.WriteOptions.Force;
import dev.nacelle.api.jsonpath.JsonPath;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.patch.JsonPatch;
import dev.nacelle.api.patch.MergePatch;
import dev.nacelle.api.patch.StrategicMergePatch;
import dev.nacelle.api.schema.Defaulter;
import dev.nacelle.api.schema.Pruner;
import dev.nacelle.api.schema.Schema;
import dev.nacelle.api.schema.SchemaValidation;
import dev.nacelle.api.schema.TypeCheck;
import dev.nacelle.api.selector.LabelSelector;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonNull;
import dev.nacelle.base.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** What holds of patches and apply for any input. */
class PatchPropertiesTest {
  private static final Versions VERSIONS =
      Versions.only("apps/v1", PodLikeSchema.SCHEMA, Set.of(List.of("status")));
  private static final FieldWriter ALICE = new FieldWriter("alice", "apps/v1", "", Instant.EPOCH);
  private static final FieldWriter BOB =
      new FieldWriter("bob", "apps/v1", "", Instant.EPOCH.plusSeconds(60));

  /** Trees in which the names and words of patches and of the small kind are frequent. */
  @Provide
  Arbitrary<Json> trees() {
    Arbitrary<String> words =
        Arbitraries.of(
            "a",
            "b",
            "name",
            "spec",
            "template",
            "containers",
            "ports",
            "containerPort",
            "env",
            "replicas",
            "strategy",
            "type",
            "metadata",
            "labels",
            "finalizers",
            "$patch",
            "replace",
            "delete",
            "merge",
            "$retainKeys",
            "$setElementOrder/containers",
            "conditions",
            "$deleteFromPrimitiveList/finalizers",
            "op",
            "path",
            "from",
            "value",
            "add",
            "remove",
            "move",
            "copy",
            "test",
            "/a",
            "/a/0",
            "/spec/containers/-",
            "",
            "/",
            "~0~1",
            "status",
            "selector",
            "matchLabels",
            "managedFields",
            "kind");
    Arbitrary<Json> leaves =
        Arbitraries.oneOf(
            words.map(Json::of),
            Arbitraries.longs().between(-3, 90).map(Json::of),
            Arbitraries.doubles().between(-2, 2).map(Json::of),
            Arbitraries.of(Json.of(true), Json.of(false), JsonNull.NULL));
    return Arbitraries.recursive(
        () -> leaves,
        inner ->
            Arbitraries.oneOf(
                inner.list().ofMaxSize(4).map(JsonArray::new),
                Arbitraries.maps(words, inner).ofMaxSize(4).map(JsonObject::of)),
        0,
        4);
  }

  @Provide
  Arbitrary<JsonObject> objects() {
    return Arbitraries.maps(Arbitraries.of("a", "b", "c", "spec", "x/y"), trees())
        .ofMaxSize(4)
        .map(JsonObject::of);
  }

  /** Configurations that fit the small kind. */
  @Provide
  Arbitrary<KubeObject> deployments() {
    Arbitrary<Map<String, String>> labels =
        Arbitraries.maps(Arbitraries.of("a", "b", "c"), Arbitraries.of("1", "2")).ofMaxSize(3);
    Arbitrary<List<JsonObject>> containers =
        Arbitraries.of("a", "b", "c", "d")
            .list()
            .uniqueElements()
            .ofMaxSize(4)
            .flatMap(
                names ->
                    Arbitraries.of("x", "y")
                        .list()
                        .ofSize(names.size())
                        .map(
                            images ->
                                java.util.stream.IntStream.range(0, names.size())
                                    .mapToObj(
                                        i ->
                                            JsonObject.builder()
                                                .put("name", names.get(i))
                                                .put("image", images.get(i))
                                                .build())
                                    .toList()));
    return net.jqwik.api.Combinators.combine(
            labels, containers, Arbitraries.longs().between(0, 3), Arbitraries.of(true, false))
        .as(
            (l, c, replicas, paused) -> {
              var spec = JsonObject.builder().put("replicas", replicas);
              if (paused) {
                spec.put("paused", true);
              }
              if (!c.isEmpty()) {
                spec.put(
                    "template",
                    JsonObject.EMPTY.withAt(new JsonArray(List.copyOf(c)), "spec", "containers"));
              }
              return new KubeObject(
                  JsonObject.builder()
                      .put("apiVersion", "apps/v1")
                      .put("kind", "Deployment")
                      .put(
                          "metadata",
                          JsonObject.builder().put("name", "web").putStrings("labels", l).build())
                      .put("spec", spec.build())
                      .build());
            });
  }

  private static KubeObject forced(
      FieldWriter writer, Optional<KubeObject> live, KubeObject config) {
    return ((ServerSideApply.Applied)
            ServerSideApply.apply(writer, live, config, VERSIONS, Force.YES))
        .object();
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void applyingTwiceChangesNothing(
      @ForAll("deployments") KubeObject first, @ForAll("deployments") KubeObject second) {
    KubeObject live = forced(ALICE, Optional.empty(), first);
    KubeObject both = forced(BOB, Optional.of(live), second);
    assertThat(forced(BOB, Optional.of(both), second)).isSameAs(both);
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void whatIsAppliedIsThere(
      @ForAll("deployments") KubeObject first, @ForAll("deployments") KubeObject second) {
    KubeObject live = forced(ALICE, Optional.empty(), first);
    KubeObject next = forced(ALICE, Optional.of(live), second);
    assertThat(next.spec()).isEqualTo(second.spec());
    assertThat(next.labels()).isEqualTo(second.labels());
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void anUpdateIsReversedByApply(
      @ForAll("deployments") KubeObject first, @ForAll("deployments") KubeObject second) {
    KubeObject live = forced(ALICE, Optional.empty(), first);
    KubeObject updated =
        ManagedFields.afterWrite(
            BOB,
            Optional.of(live),
            second.withMetadata("managedFields", live.metadata().array("managedFields")),
            VERSIONS);
    KubeObject again = forced(ALICE, Optional.of(updated), first);
    first.labels().forEach((k, v) -> assertThat(again.labels()).containsEntry(k, v));
    assertThat(again.spec().get("replicas")).isEqualTo(first.spec().get("replicas"));
  }

  @Property(tries = 300, edgeCases = EdgeCasesMode.NONE)
  void fieldSetsSurviveTheirJsonForm(@ForAll("deployments") KubeObject config) {
    forced(ALICE, Optional.empty(), config)
        .metadata()
        .array("managedFields")
        .objects()
        .map(e -> e.object("fieldsV1"))
        .forEach(f -> assertThat(FieldSet.parse(f).toFieldsV1()).isEqualTo(f));
  }

  @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
  void aCreatedMergePatchGivesTheTarget(
      @ForAll("objects") JsonObject from, @ForAll("objects") JsonObject to) {
    var target = (JsonObject) withoutNulls(to);
    assertThat(MergePatch.apply(from, MergePatch.create(from, target))).isEqualTo(target);
  }

  private static Json withoutNulls(Json value) {
    if (!(value instanceof JsonObject object)) {
      return value;
    }
    var builder = JsonObject.builder();
    object
        .members()
        .forEach(
            (name, member) -> {
              if (!(member instanceof JsonNull)) {
                builder.put(name, withoutNulls(member));
              }
            });
    return builder.build();
  }

  @Property(tries = 1000, edgeCases = EdgeCasesMode.NONE)
  void noPatchThrowsAnythingButItsRefusal(
      @ForAll("trees") Json target, @ForAll("trees") Json patch) {
    JsonObject object = target instanceof JsonObject o ? o : JsonObject.EMPTY.with("a", target);
    attempt(() -> JsonPatch.apply(object, patch));
    attempt(() -> JsonPatch.apply(object, JsonArray.of(patch)));
    attempt(() -> MergePatch.apply(object, patch));
    for (Schema schema : List.of(PodLikeSchema.SCHEMA, Schema.ANY)) {
      attempt(() -> StrategicMergePatch.apply(object, patch, schema));
      attempt(() -> Pruner.prune(object, schema));
      attempt(() -> Defaulter.apply(object, schema));
      attempt(() -> SchemaValidation.validate(object, schema));
      attempt(() -> TypeCheck.check(object, schema));
      Versions versions = Versions.only("apps/v1", schema, Set.of());
      var live = new KubeObject(object);
      JsonObject stated = patch instanceof JsonObject o ? o : JsonObject.EMPTY;
      var config = new KubeObject(stated.with("apiVersion", Json.of("apps/v1")));
      attempt(() -> ServerSideApply.apply(ALICE, Optional.of(live), config, versions, Force.YES));
      attempt(() -> ManagedFields.afterWrite(ALICE, Optional.of(live), config, versions));
    }
  }

  @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
  void noTextThrowsAnythingButItsRefusal(@ForAll("noise") String text) {
    attempt(() -> LabelSelector.parse(text));
    try {
      JsonPath.parse(text).find(JsonObject.EMPTY);
    } catch (IllegalArgumentException expected) {
      assertThat(expected).hasMessageNotContaining("null");
    }
  }

  @Provide
  Arbitrary<String> noise() {
    return Arbitraries.strings().withChars(" a1=!(),.<>[]?@'\"\\{}$*:-in").ofMaxLength(24);
  }

  private static void attempt(Runnable call) {
    try {
      call.run();
    } catch (ApiException refusal) {
      assertThat(refusal.code()).isBetween(400, 422);
    }
  }
}
