package dev.nacelle.api.client;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;
import dev.nacelle.api.status.ApiException;
import java.util.Optional;

/**
 * The API as every part of the platform uses it, in process or over HTTPS: identity, authorization,
 * admission and audit are the same both ways. Calls block; use virtual threads. Every call may
 * throw {@link ApiException}: its code is that of the reply, 503 if the server cannot be reached,
 * 504 if a write may or may not have happened. Safe for any thread.
 */
public interface ApiClient {

  /** Reads one object as of now. */
  KubeObject get(ResourceType type, ObjectKey key);

  /** As {@link #get}, empty when there is no such object. */
  default Optional<KubeObject> find(ResourceType type, ObjectKey key) {
    try {
      return Optional.of(get(type, key));
    } catch (ApiException e) {
      if (e.isNotFound()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  ObjectList list(ResourceType type, ListOptions options);

  /** Creates an object; its namespace is taken from its metadata. */
  KubeObject create(ResourceType type, KubeObject object, WriteOptions options);

  /**
   * Posts to a subresource ({@code binding}, {@code eviction}, {@code token}, ...).
   *
   * @return what the server answered; an empty object for a plain success
   */
  KubeObject post(
      ResourceType type, ObjectKey key, String subresource, KubeObject body, WriteOptions options);

  /**
   * Replaces an object (or the subresource that the options name). A resourceVersion in it is a
   * precondition.
   */
  KubeObject update(ResourceType type, KubeObject object, WriteOptions options);

  KubeObject patch(ResourceType type, ObjectKey key, Patch patch, WriteOptions options);

  /** Deletes, or begins to: finalizers and grace may keep the object for a time. */
  void delete(ResourceType type, ObjectKey key, DeleteOptions options);

  void deleteCollection(ResourceType type, ListOptions selection, DeleteOptions options);

  /**
   * Watches from {@code options.resourceVersion()} on: events after that revision, without gap or
   * repeat. Empty or "0": the present objects as ADDED events first. Bookmarks are always asked
   * for.
   */
  ObjectWatch watch(ResourceType type, ListOptions options);

  /** The same API as somebody else. In process this is free; over HTTPS it impersonates. */
  ApiClient as(Identity identity);
}
