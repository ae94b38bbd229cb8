package dev.nacelle.apiserver.admission;

/**
 * May refuse a create, an update, a delete or a connect. Called after validation, for each attempt
 * of a write, by many threads at once. The steps run in the order of one literal list.
 */
public interface ValidatingStep {

  /** The name, that of upstream's plugin where there is one. */
  String name();

  /**
   * @throws dev.nacelle.api.status.ApiException to refuse the write
   */
  void validate(AdmissionRequest request);
}
