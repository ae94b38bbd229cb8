package dev.nacelle.apiserver.admission;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.WriteOptions.DryRun;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A write on its way, as {@code admission.k8s.io AdmissionReview} tells it.
 *
 * @param version of the API in which the objects are
 * @param key the name may be empty on a create with generateName
 * @param subresource empty for the object itself
 * @param object as it shall become; empty on a delete
 * @param old as it is; empty on a create and on a connect
 * @param warnings takes texts for the Warning headers of the reply
 */
public record AdmissionRequest(
    Operation operation,
    Identity identity,
    ResourceDefinition definition,
    String version,
    ObjectKey key,
    String subresource,
    Optional<KubeObject> object,
    Optional<KubeObject> old,
    DryRun dryRun,
    Consumer<String> warnings) {

  /** What is being done. */
  public enum Operation {
    CREATE,
    UPDATE,
    DELETE,
    CONNECT
  }

  public boolean isFor(String group, String resource) {
    return definition.group().equals(group) && definition.names().plural().equals(resource);
  }

  public AdmissionRequest with(KubeObject next) {
    return new AdmissionRequest(
        operation,
        identity,
        definition,
        version,
        key,
        subresource,
        Optional.of(next),
        old,
        dryRun,
        warnings);
  }
}
