package dev.nacelle.node.pod;

import dev.nacelle.api.object.Quantity;
import dev.nacelle.network.Datapath;
import dev.nacelle.network.DatapathException;
import dev.nacelle.network.Endpoint;
import dev.nacelle.network.EndpointSpec;
import dev.nacelle.network.Ipv4;
import dev.nacelle.node.start.ConfigurationException;
import dev.nacelle.node.start.ContainerStart;
import dev.nacelle.node.volume.Volumes;
import dev.nacelle.runtime.Resources;
import dev.nacelle.runtime.SandboxSpec;
import dev.nacelle.runtime.SandboxStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps of a pod, in their order. Cleanup runs in the same order: what runs ends first. */
final class PodSteps {
  private static final Logger LOG = LoggerFactory.getLogger(PodSteps.class);
  static final PodStep VOLUMES = new VolumesStep();
  static final List<PodStep> ALL =
      List.of(new SandboxStep(), new NetworkStep(), new FilesStep(), VOLUMES);

  private PodSteps() {}

  /** Namespaces and cgroup. */
  private static final class SandboxStep implements PodStep {
    @Override
    public boolean isPrepared(PodContext context) {
      return context.isSandboxReady();
    }

    @Override
    public void prepare(PodContext context) {
      PodView pod = context.pod();
      var options = EnumSet.noneOf(SandboxSpec.Option.class);
      flag(pod, "hostNetwork", SandboxSpec.Option.HOST_NETWORK, options);
      flag(pod, "hostPID", SandboxSpec.Option.HOST_PID, options);
      flag(pod, "hostIPC", SandboxSpec.Option.HOST_IPC, options);
      flag(pod, "shareProcessNamespace", SandboxSpec.Option.SHARE_PROCESS_NAMESPACE, options);
      var sysctls = new TreeMap<String, String>();
      pod.spec()
          .array("securityContext", "sysctls")
          .objects()
          .forEach(s -> sysctls.put(s.string("name").orElse(""), s.string("value").orElse("")));
      SandboxStatus status =
          context
              .services()
              .runtime()
              .ensureSandbox(
                  new SandboxSpec(
                      pod.uid() + "-" + context.sandboxAttempt(),
                      pod.hostname(),
                      options,
                      sysctls,
                      context.services().config().podCgroup(pod.uid()),
                      resources(pod),
                      Map.of(
                          ContainerStart.LABEL_POD_UID,
                          pod.uid(),
                          ContainerStart.LABEL_POD_NAME,
                          pod.object().name(),
                          ContainerStart.LABEL_POD_NAMESPACE,
                          pod.object().namespace())));
      context.sandbox(status);
      context.services().timeline().mark(pod.uid(), "sandbox");
    }

    @Override
    public void cleanup(PodContext context) {
      for (SandboxStatus sandbox : context.services().runtime().sandboxes()) {
        if (context.pod().uid().equals(sandbox.labels().get(ContainerStart.LABEL_POD_UID))) {
          context.services().runtime().removeSandbox(sandbox.id());
        }
      }
    }

    private static void flag(
        PodView pod, String field, SandboxSpec.Option option, EnumSet<SandboxSpec.Option> into) {
      if (pod.spec().bool(field).orElse(false)) {
        into.add(option);
      }
    }

    /** The pod's cgroup is limited only where every container is. */
    private static Resources resources(PodView pod) {
      long shares = 0;
      long cpu = 0;
      long memory = 0;
      boolean cpuLimited = true;
      boolean memoryLimited = true;
      for (ContainerView container : pod.regularContainers().toList()) {
        Optional<Quantity> cpuLimit = container.limit("cpu");
        Optional<Quantity> memoryLimit = container.limit("memory");
        shares +=
            container
                .request("cpu")
                .or(() -> cpuLimit)
                .map(q -> q.millis() * 1024 / 1000)
                .orElse(0L);
        cpuLimited &= cpuLimit.isPresent();
        memoryLimited &= memoryLimit.isPresent();
        cpu += cpuLimit.map(Quantity::millis).orElse(0L);
        memory += memoryLimit.map(Quantity::units).orElse(0L);
      }
      Resources result = Resources.UNLIMITED.withCpuShares(Math.clamp(shares, 2, 262_144));
      if (pod.initContainers().findAny().isPresent()) {
        return result;
      }
      if (cpuLimited && cpu > 0) {
        result = result.withCpuLimitMillis(cpu);
      }
      return memoryLimited && memory > 0 ? result.withMemoryBytes(memory) : result;
    }
  }

  /** The address. */
  private static final class NetworkStep implements PodStep {
    @Override
    public boolean isPrepared(PodContext context) {
      return context.address().isPresent();
    }

    @Override
    public void prepare(PodContext context) {
      PodView pod = context.pod();
      if (pod.isHostNetwork()) {
        context.address(context.services().config().address());
      } else {
        Endpoint endpoint = attach(context);
        context.address(endpoint.address().toString());
      }
      context.services().timeline().mark(pod.uid(), "network");
    }

    /**
     * With the address that the pod is known by; with another one if that is no longer to be had.
     */
    private static Endpoint attach(PodContext context) {
      Datapath datapath = context.services().datapath();
      String uid = context.pod().uid();
      Path namespace = context.sandbox().flatMap(SandboxStatus::networkNamespace).orElseThrow();
      Optional<String> known = context.pod().object().status().string("podIP");
      if (known.isPresent()) {
        try {
          return datapath.attach(new EndpointSpec(uid, namespace, Ipv4.parse(known.get())));
        } catch (DatapathException | IllegalArgumentException e) {
          LOG.warn("pod {} loses its address {}: {}", uid, known.get(), e.getMessage());
        }
      }
      return datapath.attach(EndpointSpec.of(uid, namespace));
    }

    @Override
    public void cleanup(PodContext context) {
      if (!context.pod().isHostNetwork()) {
        context.services().datapath().detach(context.pod().uid());
      }
    }
  }

  /** /etc/hosts and its like. */
  private static final class FilesStep implements PodStep {
    @Override
    public boolean isPrepared(PodContext context) {
      return context.hasFiles();
    }

    @Override
    public void prepare(PodContext context) throws IOException {
      context.files(context.services().files().write(context.pod(), context.address().orElse("")));
    }

    @Override
    public void cleanup(PodContext context) throws IOException {
      // the pod's directory goes with its volumes, after them
    }
  }

  /** The volumes, and with them the pod's directory. */
  private static final class VolumesStep implements PodStep {
    @Override
    public boolean isPrepared(PodContext context) {
      return context.hasVolumes();
    }

    @Override
    public boolean isIndependent(PodContext context) {
      return !Volumes.needAddress(context.pod());
    }

    @Override
    public void prepare(PodContext context) throws ConfigurationException, IOException {
      context.volumes(
          context
              .services()
              .volumes()
              .prepare(context.pod(), context.host(), context.volumeReferences()));
    }

    @Override
    public void cleanup(PodContext context) throws IOException {
      context.services().volumes().cleanup(context.pod().uid());
    }
  }
}
