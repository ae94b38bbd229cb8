package dev.nacelle.api.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.base.json.JsonObject;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What upstream writes into the least that a user can say. */
class DefaultsTest {

  @Test
  void aMinimalPodIsFilledInAsUpstreamDoes() {
    var pod =
        Samples.created(
            "pods",
            """
            {'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{
             'serviceAccountName':'default',
             'containers':[{'name':'a','image':'busybox','ports':[{'containerPort':80}],
              'resources':{'limits':{'cpu':0.5,'memory':'1024Mi'}},
              'livenessProbe':{'httpGet':{'port':80}},
              'env':[{'name':'IP','valueFrom':{'fieldRef':{'fieldPath':'status.podIP'}}}]}],
             'volumes':[{'name':'v'},{'name':'c','configMap':{'name':'c'}}]}}
            """);
    assertThat(pod.json())
        .isEqualTo(
            Samples.json(
                """
                {'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','generation':1},'spec':{
                 'serviceAccountName':'default','serviceAccount':'default',
                 'containers':[{'name':'a','image':'busybox',
                  'ports':[{'containerPort':80,'protocol':'TCP'}],
                  'resources':{'limits':{'cpu':'500m','memory':'1Gi'},
                               'requests':{'cpu':'500m','memory':'1Gi'}},
                  'livenessProbe':{'httpGet':{'port':80,'path':'/','scheme':'HTTP'},
                   'timeoutSeconds':1,'periodSeconds':10,'successThreshold':1,'failureThreshold':3},
                  'env':[{'name':'IP','valueFrom':{'fieldRef':
                    {'fieldPath':'status.podIP','apiVersion':'v1'}}}],
                  'terminationMessagePath':'/dev/termination-log',
                  'terminationMessagePolicy':'File','imagePullPolicy':'Always'}],
                 'volumes':[{'name':'v','emptyDir':{}},
                            {'name':'c','configMap':{'name':'c','defaultMode':420}}],
                 'dnsPolicy':'ClusterFirst','restartPolicy':'Always',
                 'schedulerName':'default-scheduler','terminationGracePeriodSeconds':30,
                 'securityContext':{},'enableServiceLinks':true},
                 'status':{'phase':'Pending','qosClass':'Guaranteed'}}
                """));
  }

  @ParameterizedTest
  @CsvSource({
    "busybox, Always",
    "busybox:latest, Always",
    "busybox:1.36, IfNotPresent",
    "localhost:5000/busybox, Always",
    "localhost:5000/busybox:1, IfNotPresent",
    "busybox@sha256:abc, IfNotPresent",
    "busybox:1@sha256:abc, IfNotPresent",
    "busybox:latest@sha256:abc, Always",
    "No/Name, IfNotPresent"
  })
  void theTagDecidesWhenToPull(String image, String policy) {
    var pod =
        Samples.created(
            "pods", "{'spec':{'containers':[{'name':'a','image':'%s'}]}}".formatted(image));
    assertThat(
            pod.spec()
                .array("containers")
                .objects()
                .findFirst()
                .orElseThrow()
                .string("imagePullPolicy"))
        .hasValue(policy);
    var volume =
        Samples.created(
            "pods",
            "{'spec':{'containers':[{'name':'a','image':'i:1'}],'volumes':[{'name':'v','image':{'reference':'%s'}}]}}"
                .formatted(image));
    assertThat(volume.spec().array("volumes").objects().findFirst().orElseThrow())
        .satisfies(v -> assertThat(v.string("image", "pullPolicy")).hasValue(policy));
  }

  @Test
  void aMinimalDeploymentIsFilledInAsUpstreamDoes() {
    var deployment =
        Samples.created(
            "deployments.apps",
            """
            {'metadata':{'name':'d'},'spec':{'selector':{'matchLabels':{'a':'b'}},
             'template':{'metadata':{'labels':{'a':'b'}},
                         'spec':{'containers':[{'name':'c','image':'i:1'}]}}}}
            """);
    assertThat(deployment.json())
        .isEqualTo(
            Samples.json(
                """
                {'metadata':{'name':'d','generation':1},'spec':{'selector':{'matchLabels':{'a':'b'}},
                 'replicas':1,'revisionHistoryLimit':10,'progressDeadlineSeconds':600,
                 'strategy':{'type':'RollingUpdate',
                             'rollingUpdate':{'maxUnavailable':'25%','maxSurge':'25%'}},
                 'template':{'metadata':{'labels':{'a':'b'}},'spec':{
                  'containers':[{'name':'c','image':'i:1','resources':{},
                   'terminationMessagePath':'/dev/termination-log',
                   'terminationMessagePolicy':'File','imagePullPolicy':'IfNotPresent'}],
                  'dnsPolicy':'ClusterFirst','restartPolicy':'Always',
                  'schedulerName':'default-scheduler','terminationGracePeriodSeconds':30,
                  'securityContext':{}}}},'status':{}}
                """));
  }

  @Test
  void aMinimalServiceIsFilledInAsUpstreamDoes() {
    var service =
        Samples.created("services", "{'metadata':{'name':'s'},'spec':{'ports':[{'port':80}]}}");
    assertThat(service.json())
        .isEqualTo(
            Samples.json(
                """
                {'metadata':{'name':'s'},'spec':{'type':'ClusterIP','sessionAffinity':'None',
                 'ports':[{'port':80,'protocol':'TCP','targetPort':80}],
                 'internalTrafficPolicy':'Cluster','ipFamilies':['IPv4'],
                 'ipFamilyPolicy':'SingleStack'},'status':{'loadBalancer':{}}}
                """));
  }

  @Test
  void aMinimalNamespaceIsFilledInAsUpstreamDoes() {
    assertThat(Samples.created("namespaces", "{'metadata':{'name':'n'}}").json())
        .isEqualTo(
            Samples.json(
                """
                {'metadata':{'name':'n','labels':{'kubernetes.io/metadata.name':'n'}},
                 'spec':{'finalizers':['kubernetes']},'status':{'phase':'Active'}}
                """));
  }

  @Test
  void textsOfASecretBecomeItsData() {
    assertThat(
            Samples.created(
                    "secrets",
                    "{'metadata':{'name':'s'},'data':{'b':'Yg=='},'stringData':{'a':'hello'}}")
                .json())
        .isEqualTo(
            Samples.json(
                "{'metadata':{'name':'s'},'data':{'b':'Yg==','a':'aGVsbG8='},'type':'Opaque'}"));
  }

  @Test
  void aCustomDefinitionGetsItsNames() {
    JsonObject spec =
        Samples.created(
                "customresourcedefinitions.apiextensions.k8s.io",
                """
                {'metadata':{'name':'foos.example.com'},'spec':{'group':'example.com',
                 'names':{'plural':'foos','kind':'Foo'},'scope':'Namespaced',
                 'versions':[{'name':'v1','storage':true,'served':true}]}}
                """)
            .spec();
    assertThat(spec.object("names"))
        .isEqualTo(
            Samples.json("{'plural':'foos','kind':'Foo','singular':'foo','listKind':'FooList'}"));
    assertThat(spec.string("conversion", "strategy")).hasValue("None");
  }

  @Test
  void defaultsChangeNothingTheSecondTime() throws IOException {
    for (ResourceDefinition definition : BuiltInKinds.all()) {
      if (definition.group().equals("containers.nacelle.dev")
          || definition.group().equals("apiextensions.k8s.io")) {
        continue;
      }
      JsonObject once =
          definition.hooks().applyDefaults("v1", GoldenObjectsTest.golden(definition));
      assertThat(definition.hooks().applyDefaults("v1", once)).isSameAs(once);
    }
  }
}
