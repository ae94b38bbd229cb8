package dev.nacelle.node.pod;

import dev.nacelle.node.start.FieldValues;
import dev.nacelle.node.start.PodFiles;
import dev.nacelle.runtime.SandboxStatus;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What the steps of one pod have made so far. Written by the pod's worker alone. */
final class PodContext {
  private static final long HOST_CPU_MILLIS = Runtime.getRuntime().availableProcessors() * 1000L;

  private final NodeServices services;
  private volatile PodView pod;
  private Optional<SandboxStatus> sandbox = Optional.empty();
  private int sandboxAttempt;
  private Optional<String> address = Optional.empty();
  private Map<String, Path> volumes = Map.of();
  private Optional<PodFiles.Paths> files = Optional.empty();

  PodContext(NodeServices services, PodView pod) {
    this.services = services;
    this.pod = pod;
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

  int sandboxAttempt() {
    return sandboxAttempt;
  }

  /** The present sandbox is of no use any more. */
  void nextSandbox(int attempt) {
    sandboxAttempt = attempt;
    sandbox = Optional.empty();
    address = Optional.empty();
  }

  Optional<String> address() {
    return address;
  }

  void address(String value) {
    address = Optional.of(value);
  }

  Map<String, Path> volumes() {
    return volumes;
  }

  void volumes(Map<String, Path> paths) {
    volumes = Map.copyOf(paths);
  }

  PodFiles.Paths files() {
    return files.orElseThrow();
  }

  void files(PodFiles.Paths paths) {
    files = Optional.of(paths);
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
