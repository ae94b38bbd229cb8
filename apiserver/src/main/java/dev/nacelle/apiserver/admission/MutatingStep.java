package dev.nacelle.apiserver.admission;

import dev.nacelle.api.object.KubeObject;

/**
 * May change or refuse a create, an update or a connect. Called once per attempt of a write, after
 * the defaults; idempotent; by many threads at once. The steps run in the order of one literal
 * list.
 */
public interface MutatingStep {

  /** The name, that of upstream's plugin where there is one. */
  String name();

  /**
   * The object as it shall go on; {@code request.object()} is present and is the object so far.
   *
   * @throws dev.nacelle.api.status.ApiException to refuse the write
   */
  KubeObject mutate(AdmissionRequest request, KubeObject object);
}
