package dev.nacelle.node;

import dev.nacelle.base.files.Trees;
import dev.nacelle.image.ImageException;
import dev.nacelle.network.DatapathException;
import dev.nacelle.node.pod.NodeServices;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerStatus;
import dev.nacelle.runtime.SandboxStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Releases what pods left that are no more: those deleted by force while the platform was down. */
final class Orphans {
  private static final Logger LOG = LoggerFactory.getLogger(Orphans.class);

  private final NodeServices services;

  Orphans(NodeServices services) {
    this.services = services;
  }

  /**
   * Releases everything of pods other than {@code bound}, on threads of their own.
   *
   * @param bound the UIDs of the pods of this node
   */
  void release(Set<String> bound, List<SandboxStatus> sandboxes, List<ContainerStatus> containers) {
    var uids = new HashSet<String>();
    sandboxes.forEach(s -> uids.add(RuntimeFollower.uid(s.labels())));
    containers.forEach(c -> uids.add(RuntimeFollower.uid(c.labels())));
    uids.addAll(names(services.config().directory().resolve("pods")));
    uids.removeAll(bound);
    for (String uid : uids) {
      List<SandboxStatus> itsSandboxes =
          sandboxes.stream().filter(s -> RuntimeFollower.uid(s.labels()).equals(uid)).toList();
      List<ContainerStatus> itsContainers =
          containers.stream().filter(c -> RuntimeFollower.uid(c.labels()).equals(uid)).toList();
      Thread.ofVirtual()
          .name("orphan " + uid)
          .start(() -> release(uid, itsSandboxes, itsContainers));
    }
    Thread.ofVirtual().name("orphan logs").start(() -> deleteLogs(bound));
  }

  private void release(
      String uid, List<SandboxStatus> sandboxes, List<ContainerStatus> containers) {
    LOG.info("pod {} is no more: releasing what it left", uid);
    try {
      for (ContainerStatus container : containers) {
        services.runtime().removeContainer(container.id());
        services.images().unmount(container.id());
      }
      sandboxes.forEach(s -> services.runtime().removeSandbox(s.id()));
      if (!uid.isEmpty()) {
        services.datapath().detach(uid);
        services.volumes().cleanup(uid);
      }
    } catch (ContainerRuntimeException | ImageException | DatapathException | IOException e) {
      LOG.warn("pod {} is not all released: {}", uid, e.toString());
    }
  }

  private void deleteLogs(Set<String> bound) {
    Path logs = services.config().logs().resolve("pods");
    for (String name : names(logs)) {
      String uid = name.substring(name.lastIndexOf('_') + 1);
      if (bound.contains(uid)) {
        continue;
      }
      try {
        Trees.delete(logs.resolve(name));
      } catch (IOException e) {
        LOG.warn("cannot delete the logs {}: {}", name, e.toString());
      }
    }
  }

  private static List<String> names(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return new ArrayList<>(entries.map(p -> p.getFileName().toString()).toList());
    } catch (IOException e) {
      LOG.warn("cannot list {}: {}", directory, e.toString());
      return List.of();
    }
  }
}
