package dev.nacelle.api.patch;

import static dev.nacelle.api.Trees.json;
import static dev.nacelle.api.Trees.object;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.PodLikeSchema;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.base.json.JsonObject;
import org.junit.jupiter.api.Test;

class StrategicMergePatchTest {

  private static JsonObject patched(String target, String patch) {
    return StrategicMergePatch.apply(object(target), json(patch), PodLikeSchema.SCHEMA);
  }

  private static String pod(String containers) {
    return "{'spec':{'template':{'spec':{" + containers + "}}}}";
  }

  @Test
  void listsMergeByTheirKey() {
    assertThat(
            patched(
                pod("'containers':[{'name':'a','image':'a:1'},{'name':'b','image':'b:1'}]"),
                pod("'containers':[{'name':'b','image':'b:2'}]")))
        .isEqualTo(
            object(pod("'containers':[{'name':'a','image':'a:1'},{'name':'b','image':'b:2'}]")));
  }

  @Test
  void anItemIsDeletedByDirective() {
    assertThat(
            patched(
                pod("'containers':[{'name':'a'},{'name':'b'}]"),
                pod("'containers':[{'name':'a','$patch':'delete'}]")))
        .isEqualTo(object(pod("'containers':[{'name':'b'}]")));
  }

  @Test
  void aListIsReplacedByDirective() {
    assertThat(
            patched(
                pod("'containers':[{'name':'a'},{'name':'b'}]"),
                pod("'containers':[{'name':'c'},{'$patch':'replace'}]")))
        .isEqualTo(object(pod("'containers':[{'name':'c'}]")));
  }

  @Test
  void aMapIsReplacedOrDeletedByDirective() {
    assertThat(
            patched(
                "{'metadata':{'labels':{'a':'1','b':'2'}}}",
                "{'metadata':{'labels':{'$patch':'replace','c':'3'}}}"))
        .isEqualTo(object("{'metadata':{'labels':{'c':'3'}}}"));
    assertThat(
            patched(
                "{'metadata':{'labels':{'a':'1'}}}", "{'metadata':{'labels':{'$patch':'delete'}}}"))
        .isEqualTo(object("{'metadata':{'labels':{}}}"));
  }

  @Test
  void kubectlSetsTheOrderOfItems() {
    assertThat(
            patched(
                pod("'containers':[{'name':'a'},{'name':'b'},{'name':'server'}]"),
                pod(
                    "'$setElementOrder/containers':[{'name':'c'},{'name':'b'},{'name':'a'}],"
                        + "'containers':[{'name':'c','image':'c'}]")))
        .isEqualTo(
            object(
                pod(
                    "'containers':[{'name':'c','image':'c'},{'name':'b'},{'name':'a'},{'name':'server'}]")));
  }

  @Test
  void anOrderThatContradictsTheListIsRefused() {
    assertThatThrownBy(
            () ->
                patched(
                    pod("'containers':[]"),
                    pod(
                        "'$setElementOrder/containers':[{'name':'a'}],'containers':[{'name':'b'}]")))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("doesn't match $setElementOrder list");
  }

  @Test
  void scalarsMergeAsASetAndAreDeletedFromIt() {
    assertThat(
            patched(
                "{'metadata':{'finalizers':['a','b']}}", "{'metadata':{'finalizers':['b','c']}}"))
        .isEqualTo(object("{'metadata':{'finalizers':['a','b','c']}}"));
    assertThat(
            patched(
                "{'metadata':{'finalizers':['a','b']}}",
                "{'metadata':{'$deleteFromPrimitiveList/finalizers':['a'],"
                    + "'$setElementOrder/finalizers':['b']}}"))
        .isEqualTo(object("{'metadata':{'finalizers':['b']}}"));
  }

  @Test
  void retainedKeysDropTheOthers() {
    assertThat(
            patched(
                "{'spec':{'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}}}}",
                "{'spec':{'strategy':{'$retainKeys':['type'],'type':'Recreate'}}}"))
        .isEqualTo(object("{'spec':{'strategy':{'type':'Recreate'}}}"));
    assertThatThrownBy(
            () ->
                patched(
                    "{'spec':{'strategy':{}}}",
                    "{'spec':{'strategy':{'$retainKeys':['x'],'type':'Recreate'}}}"))
        .hasMessageContaining("invalid patch format of retainKeys");
  }

  @Test
  void listsWithoutAStrategyAreReplaced() {
    assertThat(
            patched(
                pod("'tolerations':[{'key':'a'},{'key':'b'}]"), pod("'tolerations':[{'key':'c'}]")))
        .isEqualTo(object(pod("'tolerations':[{'key':'c'}]")));
  }

  @Test
  void nullsDeleteAndDirectivesOfNewPartsVanish() {
    assertThat(patched("{'spec':{'replicas':1,'paused':true}}", "{'spec':{'paused':null}}"))
        .isEqualTo(object("{'spec':{'replicas':1}}"));
    assertThat(
            patched(
                "{}",
                pod(
                    "'$setElementOrder/containers':[{'name':'a'}],"
                        + "'containers':[{'name':'a','image':null,'$retainKeys':['name']},{'name':'z','$patch':'delete'}]")))
        .isEqualTo(object(pod("'containers':[{'name':'a'}]")));
  }

  @Test
  void anItemWithoutItsKeyIsRefused() {
    assertThatThrownBy(
            () -> patched(pod("'containers':[{'name':'a'}]"), pod("'containers':[{'image':'x'}]")))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("does not contain declared merge key: name");
  }

  @Test
  void rolloutRestartSetsAnAnnotation() {
    String restart =
        "{'spec':{'template':{'metadata':{'annotations':{'kubectl.kubernetes.io/restartedAt':'now'}}}}}";
    assertThat(patched(pod("'containers':[{'name':'a'}]"), restart))
        .isEqualTo(
            object(
                "{'spec':{'template':{'spec':{'containers':[{'name':'a'}]},"
                    + "'metadata':{'annotations':{'kubectl.kubernetes.io/restartedAt':'now'}}}}}"));
  }
}
