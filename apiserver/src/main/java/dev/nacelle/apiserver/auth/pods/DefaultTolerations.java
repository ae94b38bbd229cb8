package dev.nacelle.apiserver.auth.pods;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.MutatingStep;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import java.util.List;

/** Lets pods stay on a node that went away for five minutes, unless they say otherwise. */
public final class DefaultTolerations implements MutatingStep {
  private static final long SECONDS = 300;
  private static final List<String> TAINTS =
      List.of("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable");

  @Override
  public String name() {
    return "DefaultTolerationSeconds";
  }

  @Override
  public KubeObject mutate(AdmissionRequest request, KubeObject pod) {
    if (!request.isFor("", "pods")
        || !request.subresource().isEmpty()
        || (request.operation() != Operation.CREATE && request.operation() != Operation.UPDATE)) {
      return pod;
    }
    JsonArray tolerations = pod.spec().array("tolerations");
    JsonArray result = tolerations;
    for (String taint : TAINTS) {
      if (tolerations.objects().noneMatch(t -> tolerates(t, taint))) {
        result = result.plus(toleration(taint));
      }
    }
    return result == tolerations ? pod : pod.withSpec(pod.spec().with("tolerations", result));
  }

  private static boolean tolerates(JsonObject toleration, String taint) {
    String key = toleration.string("key").orElse("");
    String effect = toleration.string("effect").orElse("");
    return (key.equals(taint) || key.isEmpty()) && (effect.equals("NoExecute") || effect.isEmpty());
  }

  private static JsonObject toleration(String taint) {
    return JsonObject.builder()
        .put("key", taint)
        .put("operator", "Exists")
        .put("effect", "NoExecute")
        .put("tolerationSeconds", SECONDS)
        .build();
  }
}
