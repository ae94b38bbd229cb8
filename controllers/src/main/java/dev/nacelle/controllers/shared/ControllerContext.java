package dev.nacelle.controllers.shared;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.client.Informer;
import dev.nacelle.api.client.Informers;
import dev.nacelle.api.client.WriteOptions;
import dev.nacelle.api.object.ResourceType;
import java.time.Instant;
import java.time.InstantSource;

/** What one controller works with: the API under its own identity, the shared informers, time. */
public record ControllerContext(
    String name, ApiClient client, Informers informers, EventRecorder events, InstantSource clock) {

  public Informer informer(ResourceType type) {
    return informers.of(type);
  }

  public Instant now() {
    return clock.instant();
  }

  /** Writes are known by the name of the controller manager, as upstream's are. */
  public WriteOptions write() {
    return WriteOptions.by("kube-controller-manager");
  }

  public WriteOptions writeStatus() {
    return write().of("status");
  }
}
