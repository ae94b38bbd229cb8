package dev.nacelle.node.start;

import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.Quantity;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.ImageConfig;
import dev.nacelle.kernel.HostName;
import dev.nacelle.node.pod.ContainerView;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.runtime.ContainerSpec;
import dev.nacelle.runtime.LogFile;
import dev.nacelle.runtime.Mount;
import dev.nacelle.runtime.Resources;
import dev.nacelle.runtime.Stdio;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Turns a container of a pod into a start specification. Safe for any thread. */
public final class ContainerStart {
  public static final String LABEL_POD_UID = "io.kubernetes.pod.uid";
  public static final String LABEL_POD_NAME = "io.kubernetes.pod.name";
  public static final String LABEL_POD_NAMESPACE = "io.kubernetes.pod.namespace";
  public static final String LABEL_CONTAINER = "io.kubernetes.container.name";
  public static final String LABEL_IMAGE = "dev.nacelle.image";

  /** As the specification spelled the image. */
  public static final String LABEL_IMAGE_NAME = "dev.nacelle.image-name";

  private static final String DEFAULT_PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  private static final long MIN_SHARES = 2;
  private static final String HOST_NAME = hostName();

  /** What the steps before have made. */
  public record Prepared(
      String containerId,
      String sandboxId,
      Optional<String> processesOf,
      int attempt,
      Path root,
      String rootImageId,
      ImageConfig image,
      String imageId,
      Map<String, Path> volumes,
      PodFiles.Paths files,
      Path directory,
      Path log,
      FieldValues.Host host) {}

  private final Accounts.Cache accounts = new Accounts.Cache();
  private final Function<String, List<KubeObject>> servicesOf;
  private final Set<String> ownCapabilities;

  /**
   * @param servicesOf the Services of a namespace
   */
  public ContainerStart(Function<String, List<KubeObject>> servicesOf) {
    this.servicesOf = servicesOf;
    this.ownCapabilities = ownCapabilities();
  }

  /**
   * The start specification of one attempt.
   *
   * @param references where ConfigMaps and Secrets for the environment are read
   * @throws ConfigurationException if the container cannot be started as it is specified
   */
  public ContainerSpec spec(
      PodView pod, ContainerView container, Prepared prepared, References references)
      throws ConfigurationException, IOException, InterruptedException {
    Map<String, String> variables =
        new EnvironmentPlan(references, this::serviceVariables, prepared.host()).of(pod, container);
    Map<String, String> env = environment(pod, prepared.image(), variables);
    JsonObject security = container.json().object("securityContext");
    var builder =
        ContainerSpec.builder(
                prepared.containerId(),
                prepared.sandboxId(),
                prepared.root(),
                command(container, prepared.image(), variables),
                LogFile.at(prepared.log()))
            .env(env)
            .cwd(
                container
                    .json()
                    .string("workingDir")
                    .filter(w -> !w.isEmpty())
                    .or(prepared.image()::workingDirectory)
                    .orElse("/"))
            .user(
                Users.resolve(
                    new Users.Wish(pod, container, prepared.image().user()),
                    accounts.of(prepared.rootImageId(), prepared.root())))
            .capabilities(Capabilities.of(security, ownCapabilities))
            .resources(resources(container))
            .mounts(mounts(pod, container, prepared, variables))
            .stdio(stdio(container))
            .attempt(prepared.attempt())
            .terminationMessagePath(
                container.json().string("terminationMessagePath").orElse("/dev/termination-log"))
            .labels(
                Map.of(
                    LABEL_POD_UID,
                    pod.uid(),
                    LABEL_POD_NAME,
                    pod.object().name(),
                    LABEL_POD_NAMESPACE,
                    pod.object().namespace(),
                    LABEL_CONTAINER,
                    container.name(),
                    LABEL_IMAGE,
                    prepared.imageId(),
                    LABEL_IMAGE_NAME,
                    container.image()));
    prepared.processesOf().ifPresent(builder::processesOf);
    if (!security.bool("allowPrivilegeEscalation").orElse(true)) {
      builder.noNewPrivileges();
    }
    if (security.bool("privileged").orElse(false)) {
      builder.privileged();
    }
    if (security.bool("readOnlyRootFilesystem").orElse(false)) {
      builder.readOnlyRoot();
    }
    return builder.build();
  }

  private Map<String, String> serviceVariables(PodView pod) {
    var result = new LinkedHashMap<String, String>();
    boolean links = pod.spec().bool("enableServiceLinks").orElse(true);
    for (KubeObject service : servicesOf.apply("default")) {
      if (service.name().equals("kubernetes")) {
        result.putAll(EnvironmentPlan.ServiceVariables.of(service));
      }
    }
    if (links) {
      for (KubeObject service : servicesOf.apply(pod.object().namespace())) {
        result.putAll(EnvironmentPlan.ServiceVariables.of(service));
      }
    }
    return result;
  }

  private static Map<String, String> environment(
      PodView pod, ImageConfig image, Map<String, String> variables) {
    var result = new LinkedHashMap<String, String>();
    List<String> fromImage = new ArrayList<>(image.environment());
    if (fromImage.stream().noneMatch(e -> e.startsWith("PATH="))) {
      fromImage.addFirst(DEFAULT_PATH);
    }
    for (String entry : fromImage) {
      int at = entry.indexOf('=');
      if (at > 0) {
        result.put(entry.substring(0, at), entry.substring(at + 1));
      }
    }
    result.put("HOSTNAME", pod.isHostNetwork() ? HOST_NAME : pod.hostname());
    result.putAll(variables);
    return result;
  }

  private static List<String> command(
      ContainerView container, ImageConfig image, Map<String, String> variables)
      throws ConfigurationException {
    List<String> command = container.json().array("command").strings().toList();
    List<String> args = container.json().array("args").strings().toList();
    var result = new ArrayList<String>();
    if (!command.isEmpty()) {
      command.forEach(c -> result.add(Environment.expand(c, variables)));
    } else {
      result.addAll(image.entrypoint());
    }
    if (!args.isEmpty()) {
      args.forEach(a -> result.add(Environment.expand(a, variables)));
    } else if (command.isEmpty()) {
      result.addAll(image.command());
    }
    if (result.isEmpty()) {
      throw new ConfigurationException(
          "CreateContainerError", "failed to generate container spec: no command specified");
    }
    return result;
  }

  private static Resources resources(ContainerView container) {
    Optional<Quantity> cpu = container.limit("cpu").filter(q -> !q.isZero());
    Optional<Quantity> memory = container.limit("memory").filter(q -> !q.isZero());
    long shares =
        container
            .request("cpu")
            .or(() -> cpu)
            .map(q -> q.millis() * 1024 / 1000)
            .orElse(MIN_SHARES);
    var result = Resources.UNLIMITED.withCpuShares(Math.clamp(shares, MIN_SHARES, 262_144));
    if (cpu.isPresent()) {
      result = result.withCpuLimitMillis(cpu.get().millis());
    }
    return memory.isPresent() ? result.withMemoryBytes(memory.get().units()) : result;
  }

  private static Set<Stdio> stdio(ContainerView container) {
    var result = EnumSet.noneOf(Stdio.class);
    if (container.json().bool("tty").orElse(false)) {
      result.add(Stdio.TTY);
    }
    if (container.json().bool("stdin").orElse(false)) {
      result.add(Stdio.STDIN);
    }
    if (container.json().bool("stdinOnce").orElse(false)) {
      result.add(Stdio.STDIN_ONCE);
    }
    return result;
  }

  private static List<Mount> mounts(
      PodView pod, ContainerView container, Prepared prepared, Map<String, String> variables)
      throws ConfigurationException, IOException {
    var result = new ArrayList<Mount>();
    var targets = new HashSet<String>();
    Set<String> images =
        pod.imageVolumes()
            .flatMap(v -> v.string("name").stream())
            .collect(Collectors.toUnmodifiableSet());
    for (JsonObject mount : container.json().array("volumeMounts").objects().toList()) {
      String name = mount.string("name").orElse("");
      Path volume = prepared.volumes().get(name);
      if (volume == null) {
        throw ConfigurationException.config("cannot find volume \"" + name + "\" to mount");
      }
      String target = mount.string("mountPath").orElse("");
      String absolute = target.startsWith("/") ? target : "/" + target;
      targets.add(absolute);
      String subPath =
          mount
              .string("subPathExpr")
              .map(e -> Environment.expand(e, variables))
              .or(() -> mount.string("subPath"))
              .orElse("");
      boolean image = images.contains(name);
      result.add(
          new Mount.Bind(
              source(volume, subPath, image),
              absolute,
              options(mount, image),
              switch (mount.string("mountPropagation").orElse("None")) {
                case "HostToContainer" -> Mount.Propagation.HOST_TO_CONTAINER;
                case "Bidirectional" -> Mount.Propagation.BIDIRECTIONAL;
                default -> Mount.Propagation.NONE;
              }));
    }
    var etc = new LinkedHashMap<String, Path>();
    etc.put("/etc/hosts", prepared.files().hosts());
    etc.put("/etc/resolv.conf", prepared.files().resolvConf());
    if (!pod.isHostNetwork()) {
      etc.put("/etc/hostname", prepared.files().hostname());
    }
    etc.forEach(
        (target, source) -> {
          if (!targets.contains(target)) {
            result.add(bind(source, target));
          }
        });
    Path message = terminationFile(prepared.directory());
    result.add(
        bind(
            message,
            container.json().string("terminationMessagePath").orElse("/dev/termination-log")));
    return result;
  }

  private static Path source(Path volume, String subPath, boolean image)
      throws ConfigurationException, IOException {
    if (subPath.isEmpty()) {
      return volume;
    }
    return image ? SubPaths.existing(volume, subPath) : SubPaths.resolve(volume, subPath);
  }

  private static Set<Mount.Option> options(JsonObject mount, boolean image) {
    var options = EnumSet.of(Mount.Option.RECURSIVE);
    if (image) {
      options.add(Mount.Option.NO_EXEC);
    }
    if (image || mount.bool("readOnly").orElse(false)) {
      options.add(Mount.Option.READ_ONLY);
    }
    return options;
  }

  /** The empty file for the termination message, which any user may write. */
  private static Path terminationFile(Path directory) throws IOException {
    Files.createDirectories(directory);
    Path message = directory.resolve("termination-log");
    try {
      Files.createFile(message);
      Files.setAttribute(message, "unix:mode", 0666);
    } catch (FileAlreadyExistsException e) {
      // an earlier try made it
    }
    return message;
  }

  private static Mount bind(Path source, String target) {
    return new Mount.Bind(source, target, Set.of(), Mount.Propagation.NONE);
  }

  private static String hostName() {
    return HostName.ofKernel().orElse("localhost");
  }

  private static Set<String> ownCapabilities() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(l -> l.startsWith("CapBnd:"))
          .findFirst()
          .map(l -> Capabilities.ofMask(Long.parseUnsignedLong(l.substring(7).strip(), 16)))
          .orElseGet(Capabilities::all);
    } catch (IOException e) {
      return Capabilities.all();
    }
  }
}
