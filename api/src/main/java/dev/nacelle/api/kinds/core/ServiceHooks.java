package dev.nacelle.api.kinds.core;

import dev.nacelle.api.definition.Allocations;
import dev.nacelle.api.kinds.shared.KindHooks;
import dev.nacelle.api.kinds.shared.NameRule;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What services do beyond their schema. */
final class ServiceHooks implements KindHooks {

  @Override
  public NameRule nameRule() {
    return NameRule.DNS_1035_LABEL;
  }

  @Override
  public JsonObject applyDefaults(String version, JsonObject object) {
    return ServiceDefaults.service(object);
  }

  @Override
  public KubeObject prepareForCreate(Context context, KubeObject object) {
    return ServiceDefaults.mirrored(object, Optional.empty()).withStatus(emptyStatus());
  }

  @Override
  public KubeObject prepareForUpdate(Context context, KubeObject object, KubeObject old) {
    KubeObject kept = KindHooks.restored(object, old, "status");
    KubeObject prepared = ServiceDefaults.patched(kept, old);
    boolean wasBalanced = old.spec().string("type").orElse("").equals("LoadBalancer");
    boolean isBalanced = prepared.spec().string("type").orElse("").equals("LoadBalancer");
    return wasBalanced && !isBalanced ? prepared.withStatus(emptyStatus()) : prepared;
  }

  @Override
  public KubeObject prepareForStatusUpdate(Context context, KubeObject object, KubeObject old) {
    return KindHooks.restored(object, old, "spec");
  }

  @Override
  public KubeObject allocate(Allocations allocations, KubeObject object, Optional<KubeObject> old) {
    return ServiceAllocation.allocate(allocations, object, old);
  }

  @Override
  public void release(Allocations allocations, KubeObject object) {
    ServiceAllocation.release(allocations, object);
  }

  @Override
  public List<FieldError> validateCreate(Context context, KubeObject object) {
    return ServiceValidation.create(object);
  }

  @Override
  public List<FieldError> validateUpdate(Context context, KubeObject object, KubeObject old) {
    return ServiceValidation.update(object, old);
  }

  @Override
  public Set<List<String>> resetFields(String subresource) {
    return subresource.equals("status") ? SPEC_FIELDS : STATUS_FIELDS;
  }

  private static JsonObject emptyStatus() {
    return JsonObject.builder().put("loadBalancer", JsonObject.EMPTY).build();
  }

  @Override
  public OnMissing onUpdateOfMissing() {
    return OnMissing.CREATE;
  }
}
