package dev.nacelle.api.client;

import dev.nacelle.api.object.KubeObject;
import java.util.List;
import java.util.OptionalLong;

/**
 * A page of a list.
 *
 * @param resourceVersion where a watch may begin
 * @param continueToken empty on the last page
 */
public record ObjectList(
    List<KubeObject> items,
    String resourceVersion,
    String continueToken,
    OptionalLong remainingItemCount) {
  public ObjectList {
    items = List.copyOf(items);
  }
}
