package dev.nacelle.node.pod;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.base.trace.Timeline;
import dev.nacelle.image.ImageStore;
import dev.nacelle.network.Datapath;
import dev.nacelle.node.NodeConfig;
import dev.nacelle.node.NodeMetrics;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.node.start.PodFiles;
import dev.nacelle.node.start.ReferenceWatches;
import dev.nacelle.node.volume.Volumes;
import dev.nacelle.runtime.ContainerRuntime;
import java.time.InstantSource;

/** What the workers of all pods share. */
public record NodeServices(
    NodeConfig config,
    ApiClient client,
    ContainerRuntime runtime,
    ImageStore images,
    Datapath datapath,
    Volumes volumes,
    PodFiles files,
    ContainerStart starts,
    ReferenceWatches references,
    EventRecorder events,
    Timeline timeline,
    NodeMetrics metrics,
    InstantSource clock) {}
