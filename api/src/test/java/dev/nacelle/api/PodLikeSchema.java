package dev.nacelle.api;

import dev.nacelle.api.schema.Schema;

/** A small kind with the list and patch metadata of a Deployment. */
public final class PodLikeSchema {
  public static final Schema SCHEMA =
      Trees.schema(
"""
{'$ref':'#/definitions/io.k8s.api.apps.v1.Deployment','definitions':{
'io.k8s.api.apps.v1.Deployment':{'type':'object','properties':{'apiVersion':{'type':'string'},'kind':{'type':'string'},
 'metadata':{'$ref':'#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'},'spec':{'$ref':'#/definitions/io.k8s.api.apps.v1.DeploymentSpec'},
 'status':{'type':'object','properties':{'replicas':{'type':'integer'},'conditions':{'type':'array','items':{'type':'object','properties':{'type':{'type':'string'},'status':{'type':'string'}}},
   'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['type'],'x-kubernetes-patch-strategy':'merge','x-kubernetes-patch-merge-key':'type'}}}}},
'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta':{'type':'object','properties':{'name':{'type':'string'},'namespace':{'type':'string'},'uid':{'type':'string'},'resourceVersion':{'type':'string'},
 'creationTimestamp':{'type':'string','format':'date-time'},'generation':{'type':'integer','format':'int64'},
 'labels':{'type':'object','additionalProperties':{'type':'string'}},'annotations':{'type':'object','additionalProperties':{'type':'string'}},
 'finalizers':{'type':'array','items':{'type':'string'},'x-kubernetes-list-type':'set','x-kubernetes-patch-strategy':'merge'},
 'managedFields':{'type':'array','items':{'type':'object','x-kubernetes-preserve-unknown-fields':true}}}},
'io.k8s.api.apps.v1.DeploymentSpec':{'type':'object','properties':{'replicas':{'type':'integer','format':'int32'},'paused':{'type':'boolean'},
 'selector':{'type':'object','x-kubernetes-map-type':'atomic','properties':{'matchLabels':{'type':'object','additionalProperties':{'type':'string'}}}},
 'strategy':{'type':'object','x-kubernetes-patch-strategy':'retainKeys','properties':{'type':{'type':'string'},'rollingUpdate':{'type':'object','properties':{'maxSurge':{'type':'string','format':'int-or-string'}}}}},
 'template':{'type':'object','properties':{'metadata':{'$ref':'#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'},'spec':{'$ref':'#/definitions/io.k8s.api.core.v1.PodSpec'}}}}},
'io.k8s.api.core.v1.PodSpec':{'type':'object','properties':{'nodeName':{'type':'string'},
 'containers':{'type':'array','items':{'$ref':'#/definitions/io.k8s.api.core.v1.Container'},'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['name'],
  'x-kubernetes-patch-strategy':'merge','x-kubernetes-patch-merge-key':'name'},
 'tolerations':{'type':'array','items':{'type':'object','properties':{'key':{'type':'string'}}},'x-kubernetes-list-type':'atomic'}}},
'io.k8s.api.core.v1.Container':{'type':'object','properties':{'name':{'type':'string'},'image':{'type':'string'},'args':{'type':'array','items':{'type':'string'},'x-kubernetes-list-type':'atomic'},
 'env':{'type':'array','items':{'type':'object','properties':{'name':{'type':'string'},'value':{'type':'string'}}},'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['name'],
  'x-kubernetes-patch-strategy':'merge','x-kubernetes-patch-merge-key':'name'},
 'ports':{'type':'array','items':{'$ref':'#/definitions/io.k8s.api.core.v1.ContainerPort'},'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['containerPort','protocol'],
  'x-kubernetes-patch-strategy':'merge','x-kubernetes-patch-merge-key':'containerPort'}}},
'io.k8s.api.core.v1.ContainerPort':{'type':'object','properties':{'containerPort':{'type':'integer','format':'int32'},'protocol':{'type':'string'},'name':{'type':'string'}}}
}}
""");

  private PodLikeSchema() {}
}
