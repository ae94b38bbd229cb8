package dev.nacelle.testkit.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.ListOptions;
import dev.nacelle.api.client.ObjectWatch;
import dev.nacelle.api.client.ObjectWatch.EventType;
import dev.nacelle.api.client.Patch;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * What every {@link ApiClient} promises: extend it and say how to reach a server whose {@code
 * default} namespace is the test's own.
 */
public abstract class ApiClientContract {
  private static final WriteOptions WRITER = WriteOptions.by("contract");
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** A client that may do everything. */
  protected abstract ApiClient client();

  private static JsonObject json(String text) {
    return JsonReader.readObject(Bytes.utf8(text.replace('\'', '"')));
  }

  private static ObjectKey key(String name) {
    return new ObjectKey("default", name);
  }

  private static KubeObject configMap(String name, String value) {
    KubeObject named =
        KubeObject.of(new GroupVersionKind("", "v1", "ConfigMap"), key(name))
            .withLabel("app", "contract");
    return withData(named, JsonObject.builder().put("k", value).build());
  }

  private static KubeObject withData(KubeObject configMap, JsonObject data) {
    return new KubeObject(configMap.json().with("data", data));
  }

  private KubeObject create(KubeObject object) {
    return client().create(Resources.CONFIG_MAPS, object, WRITER);
  }

  @Test
  void whatIsCreatedIsRead() {
    KubeObject made = create(configMap("read", "1"));
    assertThat(made.uid()).isNotEmpty();
    assertThat(made.resourceVersion()).isNotEmpty();
    assertThat(made.creationTimestamp()).isPresent();
    assertThat(client().get(Resources.CONFIG_MAPS, key("read"))).isEqualTo(made);
  }

  @Test
  void whatIsMissingIsNotFound() {
    assertThat(client().find(Resources.CONFIG_MAPS, key("missing"))).isEmpty();
    assertThatThrownBy(() -> client().get(Resources.CONFIG_MAPS, key("missing")))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.isNotFound()).isTrue())
        .hasMessage("configmaps \"missing\" not found");
  }

  @Test
  void aNameIsTakenOnce() {
    create(configMap("twice", "1"));
    assertThatThrownBy(() -> create(configMap("twice", "2")))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.isAlreadyExists()).isTrue())
        .hasMessage("configmaps \"twice\" already exists");
  }

  @Test
  void aGeneratedNameEndsTheGivenOne() {
    KubeObject nameless =
        configMap("x", "1").withoutMetadata("name").withMetadata("generateName", Json.of("gen-"));
    assertThat(create(nameless).name()).matches("gen-[a-z0-9]{5}");
  }

  @Test
  void anUpdateWithAnOldRevisionConflicts() {
    KubeObject made = create(configMap("stale", "1"));
    KubeObject changed =
        client().update(Resources.CONFIG_MAPS, withData(made, json("{'k':'2'}")), WRITER);
    assertThat(changed.resourceVersion()).isNotEqualTo(made.resourceVersion());
    assertThatThrownBy(
            () -> client().update(Resources.CONFIG_MAPS, withData(made, json("{'k':'3'}")), WRITER))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.isConflict()).isTrue());
  }

  @Test
  void anUpdateThatChangesNothingKeepsTheRevision() {
    KubeObject made = create(configMap("same", "1"));
    assertThat(client().update(Resources.CONFIG_MAPS, made, WRITER)).isEqualTo(made);
  }

  @Test
  void theFourPatchesAreApplied() {
    create(configMap("patched", "1"));
    patch(Patch.merge(json("{'data':{'merge':'1'}}")));
    patch(Patch.strategic(json("{'data':{'strategic':'1'}}")));
    patch(
        Patch.json(
            JsonReader.read(
                Bytes.utf8("[{\"op\":\"add\",\"path\":\"/data/json\",\"value\":\"1\"}]"))));
    KubeObject last =
        client()
            .patch(
                Resources.CONFIG_MAPS,
                key("patched"),
                Patch.apply(
                    json(
                        "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'patched'},"
                            + "'data':{'apply':'1'}}")),
                WriteOptions.by("applier"));
    assertThat(last.json().strings("data"))
        .containsKeys("k", "merge", "strategic", "json", "apply");
  }

  private void patch(Patch patch) {
    client().patch(Resources.CONFIG_MAPS, key("patched"), patch, WRITER);
  }

  @Test
  void anApplyOfWhatIsMissingCreatesIt() {
    Patch apply =
        Patch.apply(
            json(
                "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'applied'},"
                    + "'data':{'a':'1'}}"));
    KubeObject made =
        client().patch(Resources.CONFIG_MAPS, key("applied"), apply, WriteOptions.by("applier"));
    KubeObject again =
        client().patch(Resources.CONFIG_MAPS, key("applied"), apply, WriteOptions.by("applier"));
    assertThat(again).isEqualTo(made);
    assertThatThrownBy(
            () ->
                client()
                    .patch(
                        Resources.CONFIG_MAPS,
                        key("applied"),
                        Patch.apply(
                            json(
                                "{'apiVersion':'v1','kind':'ConfigMap',"
                                    + "'metadata':{'name':'applied'},'data':{'a':'2'}}")),
                        WriteOptions.by("another")))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(409));
  }

  @Test
  void listsSelectAndComeInPages() {
    IntStream.range(0, 7).forEach(i -> create(configMap("page-" + i, "" + i).withLabel("p", "1")));
    ListOptions selected = ListOptions.inNamespace("default").withLabelSelector("p=1");
    assertThat(client().list(Resources.CONFIG_MAPS, selected).items()).hasSize(7);
    var names = new ArrayList<String>();
    String token = "";
    do {
      var page = client().list(Resources.CONFIG_MAPS, selected.page(3, token));
      page.items().forEach(o -> names.add(o.name()));
      assertThat(page.items().size()).isLessThanOrEqualTo(3);
      token = page.continueToken();
    } while (!token.isEmpty());
    assertThat(names)
        .containsExactlyElementsOf(IntStream.range(0, 7).mapToObj(i -> "page-" + i).toList());
    assertThat(
            client()
                .list(
                    Resources.CONFIG_MAPS,
                    ListOptions.inNamespace("default").withFieldSelector("metadata.name=page-3"))
                .items())
        .extracting(KubeObject::name)
        .containsExactly("page-3");
  }

  @Test
  void aWatchTellsEveryChangeOnceInOrder() throws InterruptedException {
    String from = client().list(Resources.CONFIG_MAPS, ListOptions.ALL).resourceVersion();
    var selected = ListOptions.inNamespace("default").withLabelSelector("w=1").from(from);
    try (ObjectWatch watch = client().watch(Resources.CONFIG_MAPS, selected)) {
      create(configMap("other", "0"));
      KubeObject made = create(configMap("watched", "0").withLabel("w", "1"));
      for (int i = 1; i <= 20; i++) {
        made =
            client()
                .patch(
                    Resources.CONFIG_MAPS,
                    key("watched"),
                    Patch.merge(json("{'data':{'k':'" + i + "'}}")),
                    WRITER);
      }
      client().delete(Resources.CONFIG_MAPS, key("watched"), DeleteOptions.DEFAULT);
      var seen = events(watch, 22);
      assertThat(seen.getFirst().type()).isEqualTo(EventType.ADDED);
      assertThat(seen.getLast().type()).isEqualTo(EventType.DELETED);
      assertThat(seen.subList(1, 21))
          .allSatisfy(e -> assertThat(e.type()).isEqualTo(EventType.MODIFIED))
          .extracting(e -> e.object().json().string("data", "k").orElse(""))
          .containsExactlyElementsOf(
              IntStream.rangeClosed(1, 20).mapToObj(Integer::toString).toList());
    }
  }

  @Test
  void aWatchFromNowhereTellsThePresentFirst() throws InterruptedException {
    create(configMap("present", "1").withLabel("q", "1"));
    var selected = ListOptions.inNamespace("default").withLabelSelector("q=1");
    try (ObjectWatch watch = client().watch(Resources.CONFIG_MAPS, selected)) {
      assertThat(events(watch, 1).getFirst().object().name()).isEqualTo("present");
      client()
          .patch(
              Resources.CONFIG_MAPS,
              key("present"),
              Patch.merge(json("{'metadata':{'labels':{'q':null}}}")),
              WRITER);
      assertThat(events(watch, 1).getFirst().type()).isEqualTo(EventType.DELETED);
    }
  }

  @Test
  void aFinalizerHoldsADeletedObject() {
    create(configMap("held", "1").withFinalizers(List.of("example.com/hold")));
    client().delete(Resources.CONFIG_MAPS, key("held"), DeleteOptions.DEFAULT);
    KubeObject held = client().get(Resources.CONFIG_MAPS, key("held"));
    assertThat(held.isBeingDeleted()).isTrue();
    client().update(Resources.CONFIG_MAPS, held.withFinalizers(List.of()), WRITER);
    assertThat(client().find(Resources.CONFIG_MAPS, key("held"))).isEmpty();
  }

  @Test
  void aDeletionWithAnotherUidConflicts() {
    create(configMap("uid", "1"));
    assertThatThrownBy(
            () ->
                client()
                    .delete(
                        Resources.CONFIG_MAPS,
                        key("uid"),
                        DeleteOptions.DEFAULT.onlyUid("another")))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.isConflict()).isTrue());
  }

  @Test
  void aCollectionIsDeletedBySelection() {
    create(configMap("gone-1", "1").withLabel("d", "1"));
    create(configMap("gone-2", "1").withLabel("d", "1"));
    create(configMap("stays", "1"));
    client()
        .deleteCollection(
            Resources.CONFIG_MAPS,
            ListOptions.inNamespace("default").withLabelSelector("d=1"),
            DeleteOptions.DEFAULT);
    assertThat(client().find(Resources.CONFIG_MAPS, key("gone-1"))).isEmpty();
    assertThat(client().find(Resources.CONFIG_MAPS, key("gone-2"))).isEmpty();
    assertThat(client().find(Resources.CONFIG_MAPS, key("stays"))).isPresent();
  }

  @Test
  void aPodIsBoundOnce() {
    KubeObject pod =
        new KubeObject(
            json(
                "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'bound',"
                    + "'namespace':'default'},"
                    + "'spec':{'containers':[{'name':'c','image':'i'}]}}"));
    client().create(Resources.PODS, pod, WRITER);
    KubeObject binding =
        new KubeObject(
            json(
                "{'apiVersion':'v1','kind':'Binding','metadata':{'name':'bound',"
                    + "'namespace':'default'},'target':{'kind':'Node','name':'n1'}}"));
    client().post(Resources.PODS, key("bound"), "binding", binding, WRITER);
    KubeObject bound = client().get(Resources.PODS, key("bound"));
    assertThat(bound.spec().string("nodeName")).contains("n1");
    assertThat(bound.status().array("conditions").objects())
        .anySatisfy(c -> assertThat(c.string("type")).contains("PodScheduled"));
    assertThatThrownBy(
            () -> client().post(Resources.PODS, key("bound"), "binding", binding, WRITER))
        .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.code()).isEqualTo(409));
  }

  private static List<ObjectWatch.Event> events(ObjectWatch watch, int count)
      throws InterruptedException {
    var result = new ArrayList<ObjectWatch.Event>();
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (result.size() < count && System.nanoTime() < end) {
      watch
          .next(Duration.ofSeconds(1))
          .filter(e -> e.type() != EventType.BOOKMARK)
          .ifPresent(result::add);
    }
    assertThat(result).hasSize(count);
    return result;
  }
}
