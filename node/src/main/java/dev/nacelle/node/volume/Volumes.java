package dev.nacelle.node.volume;

import dev.nacelle.api.client.ApiClient;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.files.Trees;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageStore;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.node.start.ConfigurationException;
import dev.nacelle.node.start.FieldValues;
import dev.nacelle.node.start.References;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The volumes of the pods of this host: directories below {@code DIR/node/pods/UID/volumes}; what
 * is secret lies in memory below {@code DIR/node/memory}. Safe for any thread, calls for one pod
 * come from its worker.
 */
public final class Volumes {
  private final Path pods;
  private final MemoryVolumes memory;
  private final VolumeFiles files;
  private final ServiceAccountTokens tokens;
  private final ImageStore images;

  public Volumes(Path nodeDirectory, ApiClient client, ImageStore images, InstantSource clock) {
    this.images = images;
    this.pods = nodeDirectory.resolve("pods");
    this.memory = new MemoryVolumes(nodeDirectory.resolve("memory"));
    this.tokens = new ServiceAccountTokens(client, clock);
    this.files = new VolumeFiles(tokens);
  }

  /**
   * The volumes of a pod.
   *
   * @param paths the host's path of each volume by name
   * @param renewAt when a token in them is to be renewed, where there is one
   */
  public record Prepared(Map<String, Path> paths, Optional<Instant> renewAt) {
    public Prepared {
      paths = Map.copyOf(paths);
    }
  }

  /**
   * Makes all volumes of a pod but those that are images, or brings their content up to date; what
   * is so already is not touched. Idempotent.
   *
   * @throws ConfigurationException if something referred to is missing: worth trying again
   */
  public Prepared prepare(PodView pod, FieldValues.Host host, References references)
      throws ConfigurationException, IOException {
    var paths = new LinkedHashMap<String, Path>();
    for (JsonObject volume : pod.spec().array("volumes").objects().toList()) {
      String name = volume.string("name").orElse("");
      if (volume.has("image")) {
        continue;
      }
      try {
        paths.put(name, prepare(pod, name, volume, host, references));
      } catch (ConfigurationException e) {
        throw new ConfigurationException(
            "FailedMount",
            "MountVolume.SetUp failed for volume \"" + name + "\" : " + e.getMessage());
      }
    }
    return new Prepared(paths, tokens.renewAt(pod.uid()));
  }

  /** Whether a volume shows the pod's address, and so must wait for it. */
  public static boolean needAddress(PodView pod) {
    return pod.spec()
        .array("volumes")
        .objects()
        .flatMap(
            v ->
                Stream.concat(
                    v.array("downwardAPI", "items").objects(),
                    v.array("projected", "sources")
                        .objects()
                        .flatMap(s -> s.array("downwardAPI", "items").objects())))
        .anyMatch(i -> i.string("fieldRef", "fieldPath").orElse("").startsWith("status.podIP"));
  }

  /** Whether a volume shows labels or annotations of the pod. */
  public static boolean showMetadata(PodView pod) {
    return pod.spec()
        .array("volumes")
        .objects()
        .anyMatch(
            v ->
                v.has("downwardAPI")
                    || v.array("projected", "sources")
                        .objects()
                        .anyMatch(s -> s.has("downwardAPI")));
  }

  /** Removes the whole directory of a pod and unmounts its images; an unknown pod is fine. */
  public void cleanup(String podUid) throws IOException {
    ImageVolumes.unmount(images, podUid);
    tokens.forget(podUid);
    memory.remove(podUid);
    Trees.delete(pods.resolve(podUid));
  }

  private Path prepare(
      PodView pod, String name, JsonObject volume, FieldValues.Host host, References references)
      throws ConfigurationException, IOException {
    if (VolumeFiles.serves(volume)) {
      boolean secret = volume.has("secret") || volume.has("projected");
      Path directory = secret ? memory.directory(pod.uid(), name) : disk(pod, name);
      OptionalLong group = pod.spec().integer("securityContext", "fsGroup");
      AtomicDirectory.write(directory, files.of(pod, volume, host, references), group);
      return directory;
    }
    if (volume.has("emptyDir")) {
      return emptyDir(pod, name, volume.object("emptyDir"));
    }
    if (volume.has("hostPath")) {
      return HostPaths.prepare(volume.object("hostPath"));
    }
    throw new ConfigurationException(
        "FailedMount",
        "no volume plugin matched: this node supports configMap, downwardAPI, emptyDir,"
            + " hostPath, image, projected and secret");
  }

  private Path emptyDir(PodView pod, String name, JsonObject emptyDir) throws IOException {
    if (emptyDir.string("medium").orElse("").equals("Memory")) {
      Path directory =
          memory.mounted(pod.uid(), name, emptyDir.get("sizeLimit").flatMap(Quantity::read));
      own(pod, directory);
      return directory;
    }
    Path directory = disk(pod, name);
    if (!Files.exists(directory)) {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, AtomicDirectory.permissions(0777));
      own(pod, directory);
    }
    return directory;
  }

  /**
   * Gives a volume to the pod's {@code fsGroup}, as the kubelet does: group, group access,
   * set-group-id on directories.
   */
  private static void own(PodView pod, Path directory) throws IOException {
    var group = pod.spec().integer("securityContext", "fsGroup");
    if (group.isEmpty()) {
      return;
    }
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) walk::iterator) {
        if (Files.isSymbolicLink(path)) {
          continue;
        }
        Files.setAttribute(path, "unix:gid", (int) group.getAsLong());
        int mode = (Integer) Files.getAttribute(path, "unix:mode");
        int extra = Files.isDirectory(path) ? 02070 : 0060;
        Files.setAttribute(path, "unix:mode", mode | extra);
      }
    }
  }

  private Path disk(PodView pod, String name) {
    return pods.resolve(pod.uid()).resolve("volumes").resolve(name);
  }
}
