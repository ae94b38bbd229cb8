package dev.nacelle.apiserver.extension;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.WriteOptions.DryRun;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.ResourceType;

/**
 * Answers the create of a resource that is not stored ({@code tokenreviews.authentication.k8s.io})
 * or of a subresource ({@code serviceaccounts/token}). Called after authorization and decoding, by
 * many threads at once.
 */
@FunctionalInterface
public interface Responder {

  /**
   * What was sent.
   *
   * @param subresource empty for a resource of its own
   * @param key of the parent object; the name is empty for a resource of its own
   * @param body with its apiVersion and kind
   */
  record Request(
      Identity identity,
      ResourceType type,
      String subresource,
      ObjectKey key,
      KubeObject body,
      DryRun dryRun) {}

  /**
   * The body of a 201 reply.
   *
   * @throws dev.nacelle.api.status.ApiException to refuse
   */
  KubeObject respond(Request request);
}
