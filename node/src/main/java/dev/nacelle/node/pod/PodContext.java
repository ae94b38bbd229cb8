package dev.nacelle.node.pod;

import dev.nacelle.node.start.FieldValues;
import dev.nacelle.node.start.PodFiles;
import dev.nacelle.node.start.UsedReferences;
import dev.nacelle.node.volume.Volumes;
import dev.nacelle.runtime.SandboxStatus;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What the steps of one pod have made so far. Written by the steps and the pod's worker. */
final class PodContext {
  private static final long HOST_CPU_MILLIS = Runtime.getRuntime().availableProcessors() * 1000L;

  private final NodeServices services;
  private volatile PodView pod;
  private Optional<SandboxStatus> sandbox = Optional.empty();
  private int sandboxAttempt;
  private volatile Optional<String> address = Optional.empty();
  private Optional<Volumes.Prepared> volumes = Optional.empty();
  private final Map<String, Path> imageVolumes = new HashMap<>();
  private final UsedReferences volumeReferences;
  private Optional<PodFiles.Paths> files = Optional.empty();

  PodContext(NodeServices services, PodView pod) {
    this.services = services;
    this.pod = pod;
    this.volumeReferences = new UsedReferences(services.client());
  }

  NodeServices services() {
    return services;
  }

  PodView pod() {
    return pod;
  }

  void pod(PodView next) {
    pod = next;
  }

  Optional<SandboxStatus> sandbox() {
    return sandbox;
  }

  void sandbox(SandboxStatus status) {
    sandbox = Optional.of(status);
  }

  boolean isSandboxReady() {
    return sandbox.filter(s -> s.state() == SandboxStatus.State.READY).isPresent();
  }

  int sandboxAttempt() {
    return sandboxAttempt;
  }

  /** The present sandbox is of no use any more. */
  void nextSandbox(int attempt) {
    sandboxAttempt = attempt;
    sandbox = Optional.empty();
    address = Optional.empty();
    files = Optional.empty();
  }

  Optional<String> address() {
    return address;
  }

  void address(String value) {
    address = Optional.of(value);
  }

  /** The host's paths of the volumes by name. */
  Map<String, Path> volumes() {
    var result = new HashMap<>(imageVolumes);
    volumes.ifPresent(v -> result.putAll(v.paths()));
    return result;
  }

  /** An image was mounted as a volume. */
  void imageVolume(String name, Path path) {
    imageVolumes.put(name, path);
  }

  boolean hasVolumes() {
    return volumes.isPresent();
  }

  void volumes(Volumes.Prepared prepared) {
    volumes = Optional.of(prepared);
  }

  /** When the content of the volumes must be made anew though nothing changed. */
  Optional<Instant> renewAt() {
    return volumes.flatMap(Volumes.Prepared::renewAt);
  }

  /** What the volumes are made of. */
  UsedReferences volumeReferences() {
    return volumeReferences;
  }

  boolean hasFiles() {
    return files.isPresent();
  }

  PodFiles.Paths files() {
    return files.orElseThrow();
  }

  void files(PodFiles.Paths paths) {
    files = Optional.of(paths);
  }

  PodPaths paths() {
    return new PodPaths(services.config(), pod);
  }

  FieldValues.Host host() {
    return new FieldValues.Host(
        services.config().name(),
        services.config().address(),
        address.orElse(""),
        HOST_CPU_MILLIS,
        HostMemory.TOTAL_BYTES);
  }
}
