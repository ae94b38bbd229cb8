package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Resources;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.AdmissionRequest.Operation;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.admission.MutatingStep;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.store.Entry;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Nothing is made in a namespace that does not exist or is being deleted, and some namespaces are
 * never deleted.
 */
public final class NamespaceLifecycle implements MutatingStep, ValidatingStep {
  private static final Set<String> IMMORTAL =
      Set.of("default", "kube-system", "kube-public", "kube-node-lease");
  private static final String PREFIX = "/registry/core/namespaces/";
  private static final int CACHED = 10_000;

  private final Store store;
  private final ConcurrentHashMap<String, Known> known = new ConcurrentHashMap<>();

  /** What was read of a namespace at a revision. */
  private record Known(long revision, boolean isTerminating) {}

  public NamespaceLifecycle(Store store) {
    this.store = store;
  }

  /** Admission that does nothing else. */
  public static AdmissionSteps alone(Store store) {
    var lifecycle = new NamespaceLifecycle(store);
    return new AdmissionSteps(List.of(lifecycle), List.of(lifecycle));
  }

  @Override
  public String name() {
    return "NamespaceLifecycle";
  }

  @Override
  public KubeObject mutate(AdmissionRequest request, KubeObject object) {
    if (request.operation() == Operation.CREATE && request.definition().isNamespaced()) {
      requireAlive(request);
    }
    return object;
  }

  @Override
  public void validate(AdmissionRequest request) {
    if (request.operation() == Operation.DELETE
        && request.isFor("", "namespaces")
        && IMMORTAL.contains(request.key().name())) {
      throw ApiException.forbidden(
          Resources.NAMESPACES, request.key().name(), "this namespace may not be deleted");
    }
  }

  private void requireAlive(AdmissionRequest request) {
    String namespace = request.key().namespace();
    Optional<Entry> entry =
        namespace.chars().allMatch(c -> c > 0x20 && c < 0x7f)
            ? store.range(RangeRequest.key(PREFIX + namespace)).first()
            : Optional.empty();
    if (entry.isEmpty()) {
      known.remove(namespace);
      throw ApiException.notFound(Resources.NAMESPACES, namespace);
    }
    boolean isReview = request.isFor("authorization.k8s.io", "localsubjectaccessreviews");
    if (isTerminating(namespace, entry.get()) && !isReview) {
      throw terminating(request, namespace);
    }
  }

  private boolean isTerminating(String namespace, Entry entry) {
    Known before = known.get(namespace);
    if (before != null && before.revision() == entry.modRevision()) {
      return before.isTerminating();
    }
    var object = new KubeObject(JsonReader.readObject(entry.value()));
    boolean terminating = object.isBeingDeleted();
    if (known.size() >= CACHED) {
      known.clear();
    }
    known.put(namespace, new Known(entry.modRevision(), terminating));
    return terminating;
  }

  private static ApiException terminating(AdmissionRequest request, String namespace) {
    Status plain =
        ApiException.forbidden(
                request.definition().type(request.version()),
                request.object().map(KubeObject::name).orElse(request.key().name()),
                "unable to create new content in namespace "
                    + namespace
                    + " because it is being terminated")
            .status();
    var causes = new ArrayList<>(plain.details().causes());
    causes.add(
        new Status.Cause(
            "NamespaceTerminating",
            "namespace " + namespace + " is being terminated",
            "metadata.namespace"));
    return new ApiException(
        new Status(
            plain.code(),
            plain.reason(),
            plain.message(),
            new Status.Details(
                plain.details().group(),
                plain.details().kind(),
                plain.details().name(),
                "",
                List.copyOf(causes),
                OptionalInt.empty())));
  }
}
