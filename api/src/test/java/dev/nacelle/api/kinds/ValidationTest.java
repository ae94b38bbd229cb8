package dev.nacelle.api.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.client.DeleteOptions;
import dev.nacelle.api.definition.Hooks;
import dev.nacelle.api.kinds.shared.MetadataValidation;
import dev.nacelle.api.object.KubeObject;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is refused, in upstream's words. */
class ValidationTest {
  private static final String POD =
      "{'metadata':{'name':'p'},'spec':{'containers':[{'name':'a','image':'i:1'%s}]%s}}";

  @Test
  void aGoodPodHasNoFaults() {
    assertThat(pod("", "")).isEmpty();
  }

  @Test
  void containersNeedNamesAndImages() {
    assertThat(Samples.faults("pods", "{'spec':{}}"))
        .containsExactly("spec.containers: Required value");
    assertThat(Samples.faults("pods", "{'spec':{'containers':[{'name':'A_'}]}}"))
        .satisfiesExactly(
            name ->
                assertThat(name)
                    .startsWith(
                        "spec.containers[0].name: Invalid value: \"A_\": a lowercase RFC 1123"
                            + " label must consist of"),
            image -> assertThat(image).isEqualTo("spec.containers[0].image: Required value"));
    assertThat(
            Samples.faults(
                "pods",
                "{'spec':{'containers':[{'name':'a','image':'i'},{'name':'a','image':'i'}]}}"))
        .containsExactly("spec.containers[1].name: Duplicate value: \"a\"");
  }

  @Test
  void requestsMayNotExceedLimits() {
    assertThat(pod(",'resources':{'limits':{'cpu':'1'},'requests':{'cpu':'1500m'}}", ""))
        .containsExactly(
            "spec.containers[0].resources.requests: Invalid value: \"1500m\": must be less than or"
                + " equal to cpu limit of 1");
    assertThat(pod(",'resources':{'limits':{'cpu':'x'}}", ""))
        .first()
        .asString()
        .startsWith(
            "spec.containers[0].resources.limits[cpu]: Invalid value: \"x\": quantities must match");
  }

  @Test
  void mountsNeedTheirVolumes() {
    assertThat(pod(",'volumeMounts':[{'name':'v','mountPath':'/v'}]", ""))
        .containsExactly("spec.containers[0].volumeMounts[0].name: Not found: \"v\"");
    assertThat(pod("", ",'volumes':[{'name':'v','emptyDir':{},'hostPath':{'path':'/x'}}]"))
        .containsExactly(
            "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type");
  }

  @Test
  void anImageVolumeNeedsAReferenceInAPodAndNotInATemplate() {
    assertThat(pod("", ",'volumes':[{'name':'v','image':{'reference':'i:1'}}]")).isEmpty();
    assertThat(pod("", ",'volumes':[{'name':'v','image':{}}]"))
        .containsExactly("spec.volumes[0].image.reference: Required value");
    assertThat(
            Samples.faults(
                "deployments.apps",
                """
                {'metadata':{'name':'d'},'spec':{'selector':{'matchLabels':{'a':'b'}},
                 'template':{'metadata':{'labels':{'a':'b'}},'spec':{
                  'volumes':[{'name':'v','image':{}}],
                  'containers':[{'name':'c','image':'i:1'}]}}}}
                """))
        .isEmpty();
  }

  @Test
  void anImageVolumeIsPulledByAPolicyAndMayBeMountedInPart() {
    assertThat(
            pod("", ",'volumes':[{'name':'v','image':{'reference':'i:1','pullPolicy':'Often'}}]"))
        .containsExactly(
            "spec.volumes[0].image.pullPolicy: Unsupported value: \"Often\": supported values:"
                + " \"Always\", \"IfNotPresent\", \"Never\"");
    for (String part : List.of("subPath", "subPathExpr")) {
      assertThat(
              pod(
                  ",'volumeMounts':[{'name':'v','mountPath':'/v','%s':'a/b'}]".formatted(part),
                  ",'volumes':[{'name':'v','image':{'reference':'i:1'}}]"))
          .isEmpty();
    }
  }

  @Test
  void wordsOutsideTheirListAreNamedWithTheList() {
    assertThat(pod("", ",'restartPolicy':'Sometimes'"))
        .containsExactly(
            "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\","
                + " \"Never\", \"OnFailure\"");
  }

  @Test
  void probesHaveOneHandler() {
    assertThat(pod(",'livenessProbe':{'exec':{'command':['x']},'tcpSocket':{'port':1}}", ""))
        .containsExactly(
            "spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1"
                + " handler type");
    assertThat(pod(",'livenessProbe':{'exec':{'command':['x']},'successThreshold':2}", ""))
        .containsExactly(
            "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1");
  }

  @Test
  void aPodChangesItsImageAndLittleElse() {
    KubeObject old = Samples.created("pods", POD.formatted("", ""));
    KubeObject image = Samples.created("pods", POD.formatted("", "").replace("i:1", "i:2"));
    KubeObject command = Samples.created("pods", POD.formatted(",'command':['x']", ""));
    Hooks hooks = Samples.kind("pods").hooks();
    assertThat(hooks.validateUpdate(Samples.CONTEXT, image, old)).isEmpty();
    assertThat(Samples.messages(hooks.validateUpdate(Samples.CONTEXT, command, old)))
        .singleElement()
        .asString()
        .startsWith("spec: Forbidden: pod updates may not change fields other than");
    assertThat(hooks.prepareForUpdate(Samples.CONTEXT, image, old).generation()).isEqualTo(2);
  }

  @Test
  void thePodsGraceIsItsOwnUnlessAskedOtherwise() {
    Hooks hooks = Samples.kind("pods").hooks();
    KubeObject bound =
        Samples.object(
            "{'spec':{'nodeName':'n','terminationGracePeriodSeconds':7},'status':{'phase':'Running'}}");
    assertThat(hooks.deletionGrace(bound, DeleteOptions.DEFAULT)).hasValue(7);
    assertThat(hooks.deletionGrace(bound, DeleteOptions.DEFAULT.withGrace(2))).hasValue(2);
    assertThat(hooks.deletionGrace(bound, DeleteOptions.DEFAULT.withGrace(0))).isEmpty();
    KubeObject unbound = Samples.object("{'spec':{'terminationGracePeriodSeconds':7}}");
    assertThat(hooks.deletionGrace(unbound, DeleteOptions.DEFAULT)).isEmpty();
  }

  @Test
  void duplicateEnvironmentNamesAreWarnedOf() {
    KubeObject pod =
        Samples.created(
            "pods",
            POD.formatted(",'env':[{'name':'A','value':'1'},{'name':'A','value':'2'}]", ""));
    assertThat(Samples.kind("pods").hooks().warnings(Samples.CONTEXT, pod, Optional.empty()))
        .containsExactly(
            "spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped"
                + " when using apply");
  }

  @Test
  void aDeploymentsSelectorMatchesItsTemplateAndStays() {
    String text =
        """
        {'metadata':{'name':'d'},'spec':{'selector':{'matchLabels':{'a':'%s'}},
         'template':{'metadata':{'labels':{'a':'b'}},
                     'spec':{'containers':[{'name':'c','image':'i'}]}}}}
        """;
    assertThat(Samples.faults("deployments.apps", text.formatted("x")))
        .containsExactly(
            "spec.template.metadata.labels: Invalid value: {\"a\":\"b\"}: `selector` does not match"
                + " template `labels`");
    Hooks hooks = Samples.kind("deployments.apps").hooks();
    KubeObject old = Samples.created("deployments.apps", text.formatted("b"));
    KubeObject changed =
        Samples.created("deployments.apps", text.replace("'a'", "'z'").formatted("b"));
    assertThat(Samples.messages(hooks.validateUpdate(Samples.CONTEXT, changed, old)))
        .containsExactly(
            "spec.selector: Invalid value: {\"matchLabels\":{\"z\":\"b\"}}: field is immutable");
  }

  @Test
  void servicesNeedPortsWithNames() {
    assertThat(Samples.faults("services", "{'metadata':{'name':'s'},'spec':{}}"))
        .containsExactly("spec.ports: Required value");
    assertThat(Samples.faults("services", "{'spec':{'ports':[{'port':80},{'port':0,'name':'b'}]}}"))
        .containsExactly(
            "spec.ports[0].name: Required value",
            "spec.ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive",
            "spec.ports[1].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive");
    assertThat(Samples.faults("services", "{'spec':{'type':'ExternalName'}}"))
        .containsExactly("spec.externalName: Required value");
  }

  @Test
  void anImmutableConfigMapStays() {
    Hooks hooks = Samples.kind("configmaps").hooks();
    KubeObject old = Samples.object("{'data':{'a':'1'},'immutable':true}");
    KubeObject changed = Samples.object("{'data':{'a':'2'},'immutable':true}");
    assertThat(Samples.messages(hooks.validateUpdate(Samples.CONTEXT, changed, old)))
        .containsExactly("data: Forbidden: field is immutable when `immutable` is set");
    assertThat(Samples.faults("configmaps", "{'data':{'a b':'1'}}"))
        .singleElement()
        .asString()
        .startsWith("data[a b]: Invalid value: \"a b\": a valid config key must consist of");
  }

  @Test
  void aBindingsRoleStays() {
    Hooks hooks = Samples.kind("rolebindings.rbac.authorization.k8s.io").hooks();
    String text = "{'roleRef':{'kind':'Role','name':'%s'},'subjects':[{'kind':'User','name':'u'}]}";
    KubeObject old = Samples.created("rolebindings.rbac.authorization.k8s.io", text.formatted("a"));
    KubeObject now = Samples.created("rolebindings.rbac.authorization.k8s.io", text.formatted("b"));
    assertThat(Samples.messages(hooks.validateUpdate(Samples.CONTEXT, now, old)))
        .singleElement()
        .asString()
        .endsWith("cannot change roleRef");
  }

  @Test
  void ourOwnKindsAreChecked() {
    assertThat(
            Samples.faults(
                "ngroups.containers.nacelle.dev",
                "{'spec':{'replicas':-1,'profileRef':{},'zones':['a','a']}}"))
        .containsExactly(
            "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            "spec.profileRef.name: Required value",
            "spec.zones[1]: Duplicate value: \"a\"");
    assertThat(
            Samples.faults(
                "containergroupprofiles.containers.nacelle.dev",
                "{'spec':{'template':{'spec':{'containers':[]}}}}"))
        .containsExactly("spec.template.spec.containers: Required value");
  }

  @Test
  void namesLabelsAndOwnersFollowTheRulesOfTheirKind() {
    assertThat(metadata("pods", "{'name':'Bad','namespace':'default'}"))
        .singleElement()
        .asString()
        .startsWith(
            "metadata.name: Invalid value: \"Bad\": a lowercase RFC 1123 subdomain must consist of");
    assertThat(metadata("services", "{'name':'1a','namespace':'default'}"))
        .singleElement()
        .asString()
        .startsWith("metadata.name: Invalid value: \"1a\": a DNS-1035 label must consist of");
    assertThat(metadata("clusterroles.rbac.authorization.k8s.io", "{'name':'system:node'}"))
        .isEmpty();
    assertThat(metadata("pods", "{'name':'a'}"))
        .containsExactly("metadata.namespace: Required value");
    assertThat(metadata("pods", "{'name':'a','namespace':'d','labels':{'a b':'1'}}"))
        .singleElement()
        .asString()
        .startsWith("metadata.labels: Invalid value: \"a b\": name part must consist of");
    assertThat(metadata("pods", "{'name':'a','namespace':'d','finalizers':['mine']}"))
        .containsExactly(
            "metadata.finalizers: Invalid value: \"mine\": name is neither a standard finalizer"
                + " name nor is it fully qualified");
  }

  @Test
  void whatIsBeingDeletedGetsNoNewFinalizers() {
    KubeObject old =
        Samples.object("{'metadata':{'name':'a','deletionTimestamp':'2026-05-01T12:00:00Z'}}");
    KubeObject now =
        Samples.object(
            "{'metadata':{'name':'a','deletionTimestamp':'2026-05-01T12:00:00Z',"
                + "'finalizers':['example.com/x']}}");
    assertThat(Samples.messages(MetadataValidation.onUpdate(now, old)))
        .containsExactly(
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being"
                + " deleted, found new finalizers []string{\"example.com/x\"}");
  }

  private static List<String> pod(String ofContainer, String ofSpec) {
    return Samples.faults("pods", POD.formatted(ofContainer, ofSpec));
  }

  private static List<String> metadata(String groupResource, String metadata) {
    return Samples.messages(
        MetadataValidation.onCreate(
            Samples.kind(groupResource), Samples.object("{'metadata':" + metadata + "}")));
  }

  @Test
  void aConfigMapThatIsTooLargeIsRefusedAsAWhole() {
    KubeObject map =
        Samples.object(
            "{'metadata':{'name':'m','namespace':'d'},'data':{'k':'" + "x".repeat(1 << 21) + "'}}");
    assertThat(
            Samples.messages(
                Samples.kind("configmaps").hooks().validateCreate(Samples.CONTEXT, map)))
        .containsExactly("[]: Too long: may not be more than 1048576 bytes");
  }
}
