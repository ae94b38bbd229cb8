package dev.nacelle.node.pod;

import dev.nacelle.api.client.EventRecorder;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.image.Ensured;
import dev.nacelle.image.ImageException;
import dev.nacelle.image.ImageFault;
import dev.nacelle.image.ImageReference;
import dev.nacelle.image.MountOptions;
import dev.nacelle.image.PullPolicy;
import dev.nacelle.image.PullProgress;
import dev.nacelle.image.PullRequest;
import dev.nacelle.image.PullSecrets;
import dev.nacelle.image.ResolvedImage;
import dev.nacelle.image.RootFilesystem;
import dev.nacelle.node.probe.LifecycleHook;
import dev.nacelle.node.start.ConfigurationException;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.runtime.ContainerRuntimeException;
import dev.nacelle.runtime.ContainerStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Brings one container of a pod from its specification to a running process. For the pod's worker
 * alone.
 */
final class ContainerLauncher {
  private static final Duration MAX_WAIT = Duration.ofMinutes(5);
  private static final Duration HOOK_TIMEOUT = Duration.ofMinutes(2);
  private static final int SIGTERM = 15;

  /** By number, from 1. */
  private static final List<String> SIGNALS =
      List.of(
          "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
          "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
          "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS");

  private final PodContext context;
  private final NodeServices services;

  ContainerLauncher(PodContext context) {
    this.context = context;
    this.services = context.services();
  }

  /** An image that is here, or why it is not. */
  sealed interface Image {
    record Here(ResolvedImage image, ImageReference reference) implements Image {}

    record Missing(ImageFault fault, String message) implements Image {}
  }

  /** Makes the container's image present. */
  Image image(ContainerView container) throws InterruptedException {
    PodView pod = context.pod();
    try {
      ImageReference reference = ImageReference.parse(container.image());
      PullPolicy policy =
          container
              .json()
              .string("imagePullPolicy")
              .map(PullPolicy::of)
              .orElseGet(() -> PullPolicy.defaultFor(reference));
      Optional<ResolvedImage> local = services.images().resolve(reference);
      // an imported image has no registry to ask, unless the policy insists
      boolean needed = policy == PullPolicy.ALWAYS || local.isEmpty();
      if (!needed) {
        event(
            container,
            "Pulled",
            "Container image \"" + container.image() + "\" already present on machine");
        return new Image.Here(local.get(), reference);
      }
      if (policy != PullPolicy.NEVER) {
        event(container, "Pulling", "Pulling image \"" + container.image() + "\"");
      }
      Ensured ensured =
          services
              .images()
              .ensure(new PullRequest(reference, policy, secrets(pod)), PullProgress.SILENT);
      if (ensured instanceof Ensured.Pulled pulled) {
        event(
            container,
            "Pulled",
            "Successfully pulled image \""
                + container.image()
                + "\" in "
                + pulled.took().toMillis()
                + "ms ("
                + pulled.includingWaiting().toMillis()
                + "ms including waiting). Image size: "
                + pulled.image().sizeBytes()
                + " bytes.");
      }
      return new Image.Here(ensured.image(), reference);
    } catch (ImageException e) {
      return new Image.Missing(e.fault(), e.getMessage());
    }
  }

  /** Starts the next attempt of a container; the outcome is in the record. */
  ContainerRecord start(ContainerView container, ContainerRecord record, Image image) {
    return switch (image) {
      case Image.Missing missing -> imageMissing(container, record, missing);
      case Image.Here here -> start(container, record, here);
    };
  }

  private ContainerRecord start(ContainerView container, ContainerRecord record, Image.Here here) {
    int attempt = record.current().isPresent() ? record.restarts() + 1 : record.restarts();
    String id = containerId(context.pod().uid(), container.name(), attempt);
    try {
      RootFilesystem root = services.images().mount(here.image().id(), id, MountOptions.DEFAULT);
      services.timeline().mark(context.pod().uid(), "imageMounted");
      var spec =
          services
              .starts()
              .spec(context.pod(), container, prepared(container, id, attempt, root, here));
      ContainerStatus status = services.runtime().runContainer(spec);
      services.timeline().mark(context.pod().uid(), "started");
      event(container, "Created", "Container created");
      event(container, "Started", "Container started");
      ContainerRecord started =
          record.startedAs(status, attempt, here.image().statusImageId(here.reference()));
      return postStart(container, started, id);
    } catch (ConfigurationException e) {
      services.images().unmount(id);
      return refused(container, record, e.reason(), e.getMessage());
    } catch (ContainerRuntimeException e) {
      Optional<ContainerStatus> left = services.runtime().container(id);
      warn(container, "Failed", "Error: " + e.getMessage());
      if (left.filter(s -> s.exit().isPresent()).isPresent()) {
        return record
            .startedAs(left.get(), attempt, here.image().statusImageId(here.reference()))
            .waitingFor(new ContainerRecord.Waiting("RunContainerError", e.getMessage()));
      }
      services.images().unmount(id);
      return delayed(record, new ContainerRecord.Waiting("RunContainerError", e.getMessage()));
    } catch (ImageException | IOException | IllegalArgumentException e) {
      return refused(container, record, "CreateContainerError", String.valueOf(e.getMessage()));
    }
  }

  /** Runs the postStart hook; a container whose hook fails is killed. */
  private ContainerRecord postStart(
      ContainerView container, ContainerRecord started, String containerId) {
    JsonObject hook = container.json().object("lifecycle", "postStart");
    if (hook.isEmpty()) {
      return started;
    }
    Optional<String> failure =
        LifecycleHook.run(
            services.runtime(),
            containerId,
            () -> context.address().orElse(""),
            container.json(),
            hook,
            HOOK_TIMEOUT);
    if (failure.isEmpty()) {
      return started;
    }
    warn(container, "FailedPostStartHook", "PostStartHook failed: " + failure.get());
    return services
        .runtime()
        .stopContainer(containerId, context.pod().gracePeriod(), SIGTERM)
        .map(started::seen)
        .orElse(started)
        .waitingFor(new ContainerRecord.Waiting("PostStartHookError", failure.get()));
  }

  private ContainerStart.Prepared prepared(
      ContainerView container, String id, int attempt, RootFilesystem root, Image.Here here) {
    Path directory = services.config().podDirectory(context.pod().uid());
    return new ContainerStart.Prepared(
        id,
        context.sandbox().orElseThrow().id(),
        attempt,
        root.merged(),
        here.image().config(),
        here.image().statusImageId(here.reference()),
        context.volumes(),
        context.files(),
        directory
            .resolve("containers")
            .resolve(container.name())
            .resolve(Integer.toString(attempt)),
        logPath(services, context.pod(), container.name(), attempt),
        context.host());
  }

  /** {@code DIR/logs/pods/NAMESPACE_NAME_UID/CONTAINER/ATTEMPT.log}. */
  static Path logPath(NodeServices services, PodView pod, String container, int attempt) {
    return logDirectory(services, pod).resolve(container).resolve(attempt + ".log");
  }

  static Path logDirectory(NodeServices services, PodView pod) {
    return services
        .config()
        .logs()
        .resolve("pods")
        .resolve(pod.object().namespace() + "_" + pod.object().name() + "_" + pod.uid());
  }

  /** The same name for the same attempt, whichever process starts it: 40 hexadecimal digits. */
  static String containerId(String podUid, String container, int attempt) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest((podUid + "/" + container + "/" + attempt).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 20);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private ContainerRecord imageMissing(
      ContainerView container, ContainerRecord record, Image.Missing missing) {
    String reason = missing.fault().waitingReason();
    if (missing.fault() == ImageFault.INVALID_NAME) {
      String text =
          "Failed to apply default image tag \"" + container.image() + "\": " + missing.message();
      warn(container, "InspectFailed", text);
      warn(container, "Failed", "Error: InvalidImageName");
      return delayed(record, new ContainerRecord.Waiting(reason, text));
    }
    if (missing.fault() == ImageFault.NEVER_PULL) {
      String text =
          "Container image \"" + container.image() + "\" is not present with pull policy of Never";
      warn(container, "ErrImageNeverPull", text);
      warn(container, "Failed", "Error: ErrImageNeverPull");
      return delayed(record, new ContainerRecord.Waiting(reason, text));
    }
    String text = "failed to pull image \"" + container.image() + "\": " + missing.message();
    warn(
        container,
        "Failed",
        "Failed to pull image \"" + container.image() + "\": " + missing.message());
    warn(container, "Failed", "Error: " + reason);
    return delayed(record, new ContainerRecord.Waiting(reason, text));
  }

  /** What a container that waits for its image shows between two attempts. */
  ContainerRecord backingOff(ContainerView container, ContainerRecord record) {
    String text = "Back-off pulling image \"" + container.image() + "\"";
    event(container, "BackOff", text);
    warn(container, "Failed", "Error: ImagePullBackOff");
    String why = record.waiting().map(w -> ": ErrImagePull: " + w.message()).orElse("");
    return record.waitingFor(new ContainerRecord.Waiting("ImagePullBackOff", text + why));
  }

  private ContainerRecord refused(
      ContainerView container, ContainerRecord record, String reason, String message) {
    warn(container, "Failed", "Error: " + message);
    return delayed(record, new ContainerRecord.Waiting(reason, message));
  }

  private ContainerRecord delayed(ContainerRecord record, ContainerRecord.Waiting waiting) {
    int failures = record.failures() + 1;
    Duration wait =
        waiting.reason().startsWith("Err") || waiting.reason().contains("Image")
            ? PodPlan.FIRST_BACKOFF.multipliedBy(1L << Math.min(failures - 1, 5))
            : Duration.ofSeconds(Math.min(10, failures));
    Instant at = services.clock().instant().plus(wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait);
    return record.waitingFor(waiting).retryingAt(at, failures);
  }

  private PullSecrets secrets(PodView pod) {
    var result = PullSecrets.NONE;
    for (JsonObject reference :
        new ArrayList<>(pod.spec().array("imagePullSecrets").objects().toList())) {
      Optional<KubeObject> secret =
          services
              .client()
              .find(
                  Resources.SECRETS,
                  new ObjectKey(pod.object().namespace(), reference.string("name").orElse("")));
      Optional<String> text =
          secret.flatMap(
              s ->
                  s.json()
                      .string("data", ".dockerconfigjson")
                      .or(() -> s.json().string("data", ".dockercfg")));
      if (text.isPresent()) {
        result = result.and(parse(text.get()));
      }
    }
    return result;
  }

  private static PullSecrets parse(String base64) {
    try {
      return PullSecrets.parse(Bytes.wrap(Base64.getDecoder().decode(base64)));
    } catch (IllegalArgumentException e) {
      return PullSecrets.NONE;
    }
  }

  private void event(ContainerView container, String reason, String message) {
    services
        .events()
        .record(
            context.pod().object(),
            container.fieldPath(),
            EventRecorder.Type.NORMAL,
            reason,
            message);
  }

  private void warn(ContainerView container, String reason, String message) {
    services
        .events()
        .record(
            context.pod().object(),
            container.fieldPath(),
            EventRecorder.Type.WARNING,
            reason,
            message);
  }

  /** The signal that asks the container to end: what its image states, else SIGTERM. */
  static int stopSignal(Optional<ResolvedImage> image) {
    return signal(image.flatMap(i -> i.config().stopSignal()).orElse("SIGTERM"));
  }

  /**
   * The number of a signal by its name, with or without SIG, or by its number; SIGTERM for an
   * unknown one.
   */
  static int signal(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    String bare = upper.startsWith("SIG") ? upper.substring(3) : upper;
    if (bare.matches("\\d{1,2}")) {
      return Integer.parseInt(bare);
    }
    int number = SIGNALS.indexOf(bare);
    return number > 0 ? number : SIGTERM;
  }
}
