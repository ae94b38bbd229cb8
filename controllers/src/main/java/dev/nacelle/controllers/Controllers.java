package dev.nacelle.controllers;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.client.Identity;
import dev.nacelle.api.client.Informers;
import dev.nacelle.controllers.account.NamespaceDefaultsController;
import dev.nacelle.controllers.deployment.DeploymentController;
import dev.nacelle.controllers.endpoints.EndpointsController;
import dev.nacelle.controllers.garbage.GarbageController;
import dev.nacelle.controllers.namespace.NamespaceController;
import dev.nacelle.controllers.ngroup.NGroupController;
import dev.nacelle.controllers.ngroup.ProfileController;
import dev.nacelle.controllers.node.NodeLifecycleController;
import dev.nacelle.controllers.node.PodRangeController;
import dev.nacelle.controllers.podgc.PodGarbageController;
import dev.nacelle.controllers.rbac.AggregationController;
import dev.nacelle.controllers.replicaset.ReplicaSetController;
import dev.nacelle.controllers.shared.ControllerContext;
import dev.nacelle.controllers.shared.RunningController;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** All controllers of the platform, each speaking as its own identity. */
public final class Controllers implements AutoCloseable {
  private final ApiClient base;
  private final Informers informers;
  private final InstantSource clock;
  private final List<RunningController> running = new ArrayList<>();
  private final List<EventRecorder> recorders = new ArrayList<>();

  private Controllers(ApiClient base, Informers informers, InstantSource clock) {
    this.base = base;
    this.informers = informers;
    this.clock = clock;
  }

  /**
   * Starts all controllers; returns at once, they wait for their caches by themselves.
   *
   * @param base may impersonate; each controller is {@code system:serviceaccount:kube-system:NAME}
   * @param informers are shared, and not closed by this
   */
  public static Controllers start(
      ApiClient base, Informers informers, ControllerSettings settings, InstantSource clock) {
    var controllers = new Controllers(base, informers, clock);
    controllers.startAll(settings);
    return controllers;
  }

  private void startAll(ControllerSettings settings) {
    running.add(DeploymentController.start(context("deployment-controller")));
    running.add(ReplicaSetController.start(context("replicaset-controller")));
    running.add(ProfileController.start(context("profile-controller")));
    running.add(NGroupController.start(context("ngroup-controller")));
    running.add(
        EndpointsController.start(
            context("endpointslice-controller"), context("endpoint-controller")));
    running.add(
        NamespaceDefaultsController.startServiceAccounts(context("service-account-controller")));
    running.add(
        NamespaceDefaultsController.startRootCertificates(
            context("root-ca-cert-publisher"), settings.rootCertificatesPem()));
    running.add(PodRangeController.start(context("node-controller"), settings.clusterCidr()));
    running.add(NodeLifecycleController.start(context("node-controller")));
    running.add(PodGarbageController.start(context("pod-garbage-collector")));
    running.add(NamespaceController.start(context("namespace-controller"), settings.resources()));
    running.add(
        GarbageController.start(context("generic-garbage-collector"), settings.resources()));
    running.add(AggregationController.start(context("clusterrole-aggregation-controller")));
  }

  private ControllerContext context(String name) {
    ApiClient client = base.as(Identity.controller(name));
    var events = new EventRecorder(client, name, "", clock);
    recorders.add(events);
    return new ControllerContext(name, client, informers, events, clock);
  }

  /** Ends the threads of all controllers; what they were writing is finished at the next start. */
  @Override
  public void close() {
    running.reversed().forEach(RunningController::close);
    recorders.forEach(EventRecorder::close);
  }
}
