package dev.nacelle.testkit.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class InformerTest {
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final WriteOptions USER = WriteOptions.by("test");

  private final FakeApiClient api = new FakeApiClient(Clock.systemUTC());
  private final Informers informers = new Informers(api);

  @AfterEach
  void close() {
    informers.close();
  }

  private static KubeObject map(String name) {
    return KubeObject.of(GroupVersionKind.of("v1", "ConfigMap"), new ObjectKey("default", name));
  }

  private Informer synced() throws InterruptedException {
    Informer informer = informers.of(Resources.CONFIG_MAPS);
    assertThat(informer.awaitSync(BOUND)).isTrue();
    return informer;
  }

  @Test
  void thereIsOneInformerForEachResource() {
    assertThat(informers.of(Resources.PODS)).isSameAs(informers.of(Resources.PODS));
  }

  @Test
  void listenersHearOfEveryChangeInOrder() throws InterruptedException {
    api.create(Resources.CONFIG_MAPS, map("a"), USER);
    List<String> heard = new CopyOnWriteArrayList<>();
    Informer informer = synced();
    informer.listen(
        (before, after) ->
            heard.add((before.isPresent() ? "b" : "-") + (after.isPresent() ? "a" : "-")));
    api.create(Resources.CONFIG_MAPS, map("b"), USER);
    api.update(Resources.CONFIG_MAPS, map("b").withLabel("x", "y"), USER);
    api.delete(Resources.CONFIG_MAPS, map("b").key(), DeleteOptions.DEFAULT);
    assertThat(api.await(() -> heard.size() == 4, BOUND)).isTrue();
    assertThat(heard).containsExactly("-a", "-a", "ba", "b-");
    assertThat(informer.all()).hasSize(1);
  }

  @Test
  void indexesFollowTheObjects() throws InterruptedException {
    api.create(Resources.CONFIG_MAPS, map("a").withLabel("team", "x"), USER);
    Informer informer = synced().index("team", o -> o.label("team").stream().toList());
    assertThat(informer.by("team", "x")).hasSize(1);
    api.update(Resources.CONFIG_MAPS, map("a").withLabel("team", "y"), USER);
    assertThat(api.await(() -> informer.by("team", "y").size() == 1, BOUND)).isTrue();
    assertThat(informer.by("team", "x")).isEmpty();
  }

  /** Or a controller would count a pod less in that moment, and make one too many. */
  @Test
  void anIndexNeverMissesAnObjectThatOnlyChanges() throws InterruptedException {
    api.create(Resources.CONFIG_MAPS, map("a").withLabel("team", "x"), USER);
    List<Integer> found = new CopyOnWriteArrayList<>();
    Informer informer = synced();
    duringChangesOf(informer, () -> found.add(informer.by("team", "x").size()));
    api.update(
        Resources.CONFIG_MAPS, map("a").withLabel("team", "x").withLabel("other", "y"), USER);
    assertThat(api.await(() -> found.size() >= 2, BOUND)).isTrue();
    assertThat(found).containsOnly(1);
  }

  /** Or who waits for its own write would decide without it. */
  @Test
  void anObjectThatIsThereIsInTheIndex() throws InterruptedException {
    List<Boolean> agree = new CopyOnWriteArrayList<>();
    Informer informer = synced();
    duringChangesOf(
        informer,
        () ->
            agree.add(
                informer.get(map("a").key()).isPresent()
                    == (informer.by("team", "x").size() == 1)));
    api.create(Resources.CONFIG_MAPS, map("a").withLabel("team", "x"), USER);
    api.delete(Resources.CONFIG_MAPS, map("a").key(), DeleteOptions.DEFAULT);
    assertThat(api.await(() -> agree.size() >= 2, BOUND)).isTrue();
    assertThat(agree).containsOnly(true);
  }

  /** Adds an index "team" that looks at its informer in the midst of its own changes. */
  private static void duringChangesOf(Informer informer, Runnable look) {
    var idle = new AtomicBoolean();
    Function<KubeObject, Collection<String>> values =
        o -> {
          if (idle.compareAndSet(true, false)) {
            look.run();
            idle.set(true);
          }
          return o.label("team").stream().toList();
        };
    informer.index("team", values);
    // the first index is entered before the second asks
    informer.index("later", values);
    idle.set(true);
  }

  @Test
  void aListenerThatFailsDoesNotStopTheOthers() throws InterruptedException {
    List<String> heard = new CopyOnWriteArrayList<>();
    Informer informer = synced();
    informer.listen(
        (before, after) -> {
          throw new IllegalStateException("on purpose");
        });
    informer.listen((before, after) -> heard.add("x"));
    api.create(Resources.CONFIG_MAPS, map("a"), USER);
    assertThat(api.await(() -> heard.size() == 1, BOUND)).isTrue();
  }

  @Test
  void repeatedEventsAreCounted() throws InterruptedException {
    KubeObject about = api.create(Resources.CONFIG_MAPS, map("a"), USER);
    try (var events = new EventRecorder(api, "tester", "", Clock.systemUTC())) {
      events.normal(about, "Tried", "again");
      events.normal(about, "Tried", "again");
      events.warning(about, "Failed", "once");
      assertThat(
              api.await(
                  () ->
                      api.all(Resources.EVENTS).stream()
                          .mapToLong(e -> e.json().integer("count").orElse(0))
                          .boxed()
                          .sorted()
                          .toList()
                          .equals(List.of(1L, 2L)),
                  BOUND))
          .isTrue();
    }
  }
}
