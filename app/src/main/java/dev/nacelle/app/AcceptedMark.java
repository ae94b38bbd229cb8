package dev.nacelle.app;

import dev.nacelle.apiserver.admission.AdmissionRequest;
import dev.nacelle.apiserver.admission.ValidatingStep;
import dev.nacelle.base.trace.Timeline;

/** Notes when the API accepted a pod; never refuses anything. */
final class AcceptedMark implements ValidatingStep {
  private final Timeline timeline;

  AcceptedMark(Timeline timeline) {
    this.timeline = timeline;
  }

  @Override
  public String name() {
    return "AcceptedMark";
  }

  @Override
  public void validate(AdmissionRequest request) {
    if (request.operation() == AdmissionRequest.Operation.CREATE
        && request.isFor("", "pods")
        && request.subresource().isEmpty()) {
      request.object().ifPresent(pod -> timeline.mark(pod.uid(), "accepted"));
    }
  }
}
