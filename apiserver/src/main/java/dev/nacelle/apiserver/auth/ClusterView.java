package dev.nacelle.apiserver.auth;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.status.ApiException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What authorization and admission know of the cluster: informers, and the API itself where an
 * informer may lag behind. It is made before the server and opened after it; whoever asks earlier
 * waits, for at most ten seconds. Safe for any thread.
 */
public final class ClusterView {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final CountDownLatch opened = new CountDownLatch(1);
  private volatile @Nullable Source source;

  private record Source(ApiClient client, Informers informers) {}

  /**
   * Begins to answer. To be called once.
   *
   * @param client may do everything: its requests must not need this view
   * @param informers of such a client; the caller closes them
   */
  public void open(ApiClient client, Informers informers) {
    source = new Source(client, informers);
    opened.countDown();
  }

  /** Whether the view was opened. */
  public boolean isOpen() {
    return opened.getCount() == 0;
  }

  /**
   * The API, as one who may do everything.
   *
   * @throws ApiException with code 503 if the view is not opened in time
   */
  public ApiClient client() {
    return source().client();
  }

  /**
   * The informer of a resource; it may not have listed yet.
   *
   * @throws ApiException with code 503 if the view is not opened in time
   */
  public Informer informer(ResourceType type) {
    return source().informers().of(type);
  }

  /**
   * The informer of a resource, after its first list.
   *
   * @throws ApiException with code 503 if that does not come in time
   */
  public Informer synced(ResourceType type) {
    Informer informer = informer(type);
    if (informer.isSynced()) {
      return informer;
    }
    try {
      if (informer.awaitSync(PATIENCE)) {
        return informer;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw notReady();
  }

  /** The object as the informer knows it, or as the API does when the informer knows none. */
  public Optional<KubeObject> find(ResourceType type, ObjectKey key) {
    Optional<KubeObject> known = synced(type).get(key);
    return known.isPresent() ? known : client().find(type, key);
  }

  private Source source() {
    Source present = source;
    if (present != null) {
      return present;
    }
    try {
      if (opened.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        present = source;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (present == null) {
      throw notReady();
    }
    return present;
  }

  private static ApiException notReady() {
    return ApiException.unavailable("not yet ready to handle request");
  }
}
