package dev.nacelle.api.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.kinds.shared.HumanDuration;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ColumnsTest {

  @ParameterizedTest
  @CsvSource({
    "-2, <invalid>",
    "-1, 0s",
    "0, 0s",
    "119, 119s",
    "120, 2m",
    "330, 5m30s",
    "599, 9m59s",
    "600, 10m",
    "10799, 179m",
    "10800, 3h",
    "11700, 3h15m",
    "28800, 8h",
    "172799, 47h",
    "172800, 2d",
    "176400, 2d1h",
    "691200, 8d",
    "63072000, 2y",
    "63158400, 2y1d",
    "252288000, 8y"
  })
  void durationsAreAsKubectlShowsThem(long seconds, String text) {
    assertThat(HumanDuration.of(Duration.ofSeconds(seconds))).isEqualTo(text);
  }

  @Test
  void aRunningPodShowsItsRestartsAndWhere() {
    assertThat(
            Samples.row(
                "pods",
                """
                {'metadata':{'name':'web','creationTimestamp':'2026-05-01T11:00:00Z'},
                 'spec':{'nodeName':'n1','containers':[{'name':'a'},{'name':'b'}]},
                 'status':{'phase':'Running','podIP':'10.64.0.2','podIPs':[{'ip':'10.64.0.2'}],
                  'conditions':[{'type':'Ready','status':'False'}],
                  'containerStatuses':[
                   {'name':'a','ready':true,'restartCount':2,'state':{'running':{}},
                    'lastState':{'terminated':{'finishedAt':'2026-05-01T11:59:55Z'}}},
                   {'name':'b','ready':false,'restartCount':0,'state':{'running':{}}}]}}
                """))
        .isEqualTo("web 1/2 Running 2 (5s ago) 60m | 10.64.0.2 n1 <none> <none>");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'waiting':{'reason':'CrashLoopBackOff'}};CrashLoopBackOff",
        "{'terminated':{'reason':'Completed','exitCode':0}};Completed",
        "{'terminated':{'exitCode':3}};ExitCode:3",
        "{'terminated':{'exitCode':137,'signal':9}};Signal:9",
        "{'running':{}};Running"
      })
  void theStateOfAContainerIsTheStatusOfItsPod(String state, String word) {
    assertThat(
            Samples.row(
                "pods",
                """
                {'metadata':{'name':'p'},'spec':{'containers':[{'name':'a'}]},
                 'status':{'phase':'Running','containerStatuses':[
                  {'name':'a','ready':false,'restartCount':0,'state':%s}]}}
                """
                    .formatted(state)))
        .startsWith("p 0/1 " + word + " 0 <unknown>");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'running':{}};Init:0/2",
        "{'waiting':{'reason':'PodInitializing'}};Init:0/2",
        "{'waiting':{'reason':'ErrImagePull'}};Init:ErrImagePull",
        "{'terminated':{'reason':'Error','exitCode':1}};Init:Error",
        "{'terminated':{'exitCode':1}};Init:ExitCode:1"
      })
  void anInitContainerSaysHowFarThePodIs(String state, String word) {
    assertThat(
            Samples.row(
                "pods",
                """
                {'metadata':{'name':'p'},
                 'spec':{'initContainers':[{'name':'i'},{'name':'j'}],'containers':[{'name':'a'}]},
                 'status':{'phase':'Pending','initContainerStatuses':[
                  {'name':'i','restartCount':0,'state':%s}]}}
                """
                    .formatted(state)))
        .startsWith("p 0/1 " + word + " 0");
  }

  @Test
  void aPodThatIsBeingDeletedIsTerminating() {
    assertThat(
            Samples.row(
                "pods",
                """
                {'metadata':{'name':'p','deletionTimestamp':'2026-05-01T12:00:00Z'},
                 'spec':{'containers':[{'name':'a'}]},'status':{'phase':'Running'}}
                """))
        .startsWith("p 0/1 Terminating 0");
  }

  @Test
  void servicesNodesAndDeploymentsAreAsKubectlShowsThem() {
    assertThat(
            Samples.row(
                "services",
                """
                {'metadata':{'name':'s'},'spec':{'type':'NodePort','clusterIP':'10.128.0.7',
                 'clusterIPs':['10.128.0.7'],'selector':{'b':'2','a':'1'},
                 'ports':[{'port':80,'nodePort':30080,'protocol':'TCP'},{'port':53,'protocol':'UDP'}]}}
                """))
        .isEqualTo("s NodePort 10.128.0.7 <none> 80:30080/TCP,53/UDP <unknown> | a=1,b=2");
    assertThat(
            Samples.row(
                "nodes",
                """
                {'metadata':{'name':'n','labels':{'node-role.kubernetes.io/worker':''}},
                 'spec':{'unschedulable':true},
                 'status':{'conditions':[{'type':'Ready','status':'True'}],
                  'addresses':[{'type':'InternalIP','address':'192.0.2.1'}],
                  'nodeInfo':{'kubeletVersion':'v1.36.0'}}}
                """))
        .isEqualTo(
            "n Ready,SchedulingDisabled worker <unknown> v1.36.0 | 192.0.2.1 <none> <unknown>"
                + " <unknown> <unknown>");
    assertThat(
            Samples.row(
                "deployments.apps",
                """
                {'metadata':{'name':'d'},'spec':{'replicas':3,'selector':{'matchLabels':{'app':'d'}},
                 'template':{'spec':{'containers':[{'name':'a','image':'x:1'}]}}},
                 'status':{'readyReplicas':2,'updatedReplicas':3,'availableReplicas':1}}
                """))
        .isEqualTo("d 2/3 3 1 <unknown> | a x:1 app=d");
  }

  @Test
  void eventsLeasesAndOurOwnKindsHaveTheirColumns() {
    assertThat(
            Samples.row(
                "events",
                """
                {'metadata':{'name':'e'},'type':'Normal','reason':'Scheduled','message':' done ',
                 'involvedObject':{'kind':'Pod','name':'p'},'source':{'component':'scheduler'},
                 'firstTimestamp':'2026-05-01T11:58:00Z','lastTimestamp':'2026-05-01T11:59:30Z','count':2}
                """))
        .isEqualTo("30s Normal Scheduled pod/p done | scheduler 2m 2 e");
    assertThat(
            Samples.row(
                "ngroups.containers.nacelle.dev",
                """
                {'metadata':{'name':'g'},'spec':{'replicas':3,'profileRef':{'name':'web','revision':2},
                 'zones':['a','b']},'status':{'readyReplicas':2,'updatedReplicas':1}}
                """))
        .isEqualTo("g 3 2 1 web@2 <unknown> | a,b");
    assertThat(
            Samples.row(
                "roles.rbac.authorization.k8s.io",
                "{'metadata':{'name':'r','creationTimestamp':'2026-05-01T11:00:00Z'}}"))
        .isEqualTo("r 2026-05-01T11:00:00Z");
  }
}
