package dev.nacelle.apiserver.protobuf;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.nacelle.api.object.GroupVersionKind;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonBoolean;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonString;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Admissionregistration;
import io.kubernetes.client.proto.V1Apps;
import io.kubernetes.client.proto.V1Authentication;
import io.kubernetes.client.proto.V1Authorization;
import io.kubernetes.client.proto.V1Autoscaling;
import io.kubernetes.client.proto.V1Batch;
import io.kubernetes.client.proto.V1Certificates;
import io.kubernetes.client.proto.V1Coordination;
import io.kubernetes.client.proto.V1Discovery;
import io.kubernetes.client.proto.V1Events;
import io.kubernetes.client.proto.V1Networking;
import io.kubernetes.client.proto.V1Node;
import io.kubernetes.client.proto.V1Policy;
import io.kubernetes.client.proto.V1Rbac;
import io.kubernetes.client.proto.V1Scheduling;
import io.kubernetes.client.proto.V1Storage;
import io.kubernetes.client.proto.V2Autoscaling;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Which message a kind is, and how its fields stand in JSON. */
final class ProtobufKinds {
  /** Read at first use each: a client that speaks JSON costs nothing. */
  private static final Map<String, Supplier<FileDescriptor>> FILES =
      Map.ofEntries(
          Map.entry("v1", V1::getDescriptor),
          Map.entry("admissionregistration.k8s.io/v1", V1Admissionregistration::getDescriptor),
          Map.entry("apps/v1", V1Apps::getDescriptor),
          Map.entry("authentication.k8s.io/v1", V1Authentication::getDescriptor),
          Map.entry("authorization.k8s.io/v1", V1Authorization::getDescriptor),
          Map.entry("autoscaling/v1", V1Autoscaling::getDescriptor),
          Map.entry("autoscaling/v2", V2Autoscaling::getDescriptor),
          Map.entry("batch/v1", V1Batch::getDescriptor),
          Map.entry("certificates.k8s.io/v1", V1Certificates::getDescriptor),
          Map.entry("coordination.k8s.io/v1", V1Coordination::getDescriptor),
          Map.entry("discovery.k8s.io/v1", V1Discovery::getDescriptor),
          Map.entry("events.k8s.io/v1", V1Events::getDescriptor),
          Map.entry("networking.k8s.io/v1", V1Networking::getDescriptor),
          Map.entry("node.k8s.io/v1", V1Node::getDescriptor),
          Map.entry("policy/v1", V1Policy::getDescriptor),
          Map.entry("rbac.authorization.k8s.io/v1", V1Rbac::getDescriptor),
          Map.entry("scheduling.k8s.io/v1", V1Scheduling::getDescriptor),
          Map.entry("storage.k8s.io/v1", V1Storage::getDescriptor));

  /** Go structures that are embedded: JSON has their members beside the others. */
  private static final Set<String> INLINED =
      Set.of(
          "volumeSource",
          "persistentVolumeSource",
          "ephemeralContainerCommon",
          "localObjectReference",
          "ruleWithOperations",
          "rule");

  /** Optional fields of Go in which zero, false or an empty text differs from absence. */
  private static final Set<String> MEANT_ZEROS =
      Set.of(
          "activeDeadlineSeconds",
          "allocateLoadBalancerNodePorts",
          "allowPrivilegeEscalation",
          "automountServiceAccountToken",
          "backoffLimit",
          "blockOwnerDeletion",
          "completions",
          "controller",
          "defaultMode",
          "enableServiceLinks",
          "fsGroup",
          "gracePeriodSeconds",
          "hostUsers",
          "immutable",
          "ingressClassName",
          "minReplicas",
          "mode",
          "optional",
          "orphanDependents",
          "parallelism",
          "partition",
          "priority",
          "privileged",
          "progressDeadlineSeconds",
          "readOnlyRootFilesystem",
          "ready",
          "replicas",
          "revisionHistoryLimit",
          "runAsGroup",
          "runAsNonRoot",
          "runAsUser",
          "serving",
          "shareProcessNamespace",
          "storageClassName",
          "suspend",
          "terminating",
          "terminationGracePeriodSeconds",
          "tolerationSeconds",
          "ttlSecondsAfterFinished",
          "value",
          "volumeName");

  private ProtobufKinds() {}

  static Optional<Descriptor> find(GroupVersionKind kind) {
    Supplier<FileDescriptor> file = FILES.get(kind.apiVersion());
    Optional<Descriptor> own =
        Optional.ofNullable(file).map(f -> f.get().findMessageTypeByName(kind.kind()));
    return own.or(
        () -> Optional.ofNullable(Meta.getDescriptor().findMessageTypeByName(kind.kind())));
  }

  static boolean isInlined(FieldDescriptor field) {
    boolean message =
        field.getJavaType() == FieldDescriptor.JavaType.MESSAGE && !field.isRepeated();
    return message
        && (INLINED.contains(field.getName())
            || (field.getName().equals("handler")
                && field.getContainingType().getName().equals("Probe")));
  }

  static String jsonName(FieldDescriptor field) {
    return field.getName().equals("uID") ? "uid" : field.getName();
  }

  /** Whether a value says no more than the field's absence. */
  static boolean isIdleZero(FieldDescriptor field, Json value) {
    boolean zero =
        switch (value) {
          case JsonString(String text) -> text.isEmpty();
          case JsonNumber number -> number.doubleValue() == 0;
          case JsonBoolean flag -> !flag.value();
          case Json other -> false;
        };
    boolean quantity = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    return zero && !quantity && !MEANT_ZEROS.contains(field.getName());
  }
}
