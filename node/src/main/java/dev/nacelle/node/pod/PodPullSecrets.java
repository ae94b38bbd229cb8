package dev.nacelle.node.pod;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.image.PullSecrets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Reads the pull secrets that a pod names. What cannot be read is told, and pulls go on without.
 */
final class PodPullSecrets {
  private PodPullSecrets() {}

  /** The credentials, in the order of the pod's secrets. */
  static PullSecrets of(PodContext context) {
    PodView pod = context.pod();
    var result = PullSecrets.NONE;
    var missing = new ArrayList<String>();
    List<String> names =
        pod.spec()
            .array("imagePullSecrets")
            .objects()
            .flatMap(reference -> reference.string("name").stream())
            .filter(name -> !name.isEmpty())
            .toList();
    for (String name : names) {
      Optional<KubeObject> secret = find(context, new ObjectKey(pod.object().namespace(), name));
      if (secret.isEmpty()) {
        missing.add(name);
      } else {
        result = result.and(parse(secret.get()));
      }
    }
    if (!missing.isEmpty()) {
      context
          .services()
          .events()
          .warning(
              pod.object(),
              "FailedToRetrieveImagePullSecret",
              "Unable to retrieve some image pull secrets ("
                  + String.join(", ", missing)
                  + "); attempting to pull the image may not succeed.");
    }
    return result;
  }

  private static Optional<KubeObject> find(PodContext context, ObjectKey key) {
    try {
      return context.services().client().find(Resources.SECRETS, key);
    } catch (ApiException e) {
      return Optional.empty();
    }
  }

  /** A secret of another kind, or one that is damaged, has no credentials. */
  private static PullSecrets parse(KubeObject secret) {
    Optional<String> text =
        secret
            .json()
            .string("data", ".dockerconfigjson")
            .or(() -> secret.json().string("data", ".dockercfg"));
    try {
      return text.map(t -> PullSecrets.parse(Bytes.wrap(Base64.getDecoder().decode(t))))
          .orElse(PullSecrets.NONE);
    } catch (IllegalArgumentException e) {
      return PullSecrets.NONE;
    }
  }
}
