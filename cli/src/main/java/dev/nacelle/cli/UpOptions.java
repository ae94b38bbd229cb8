package dev.nacelle.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import picocli.CommandLine.Option;

/**
 * The options of {@code up}. Flags that kube-apiserver has keep its names. Each may stand in the
 * file of {@code --config} under the same name.
 */
public final class UpOptions {
  static final String DEFAULT_DATA = "/var/lib/nacelle";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "where everything is kept (default: ${DEFAULT-VALUE})")
  public Path data = Path.of(DEFAULT_DATA);

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description = "port of the API (default: ${DEFAULT-VALUE})")
  public int port = 6443;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "name of this instance and its node (default: nacelle, the node is the host)")
  public Optional<String> name = Optional.empty();

  @Option(
      names = "--parts",
      split = ",",
      paramLabel = "PART",
      description =
          "run a subset: api, controllers, scheduler, node, dns, registry (default: all of them)")
  public List<String> parts =
      new ArrayList<>(List.of("api", "controllers", "scheduler", "node", "dns", "registry"));

  @Option(
      names = "--server",
      paramLabel = "URL",
      description = "API server to join as a further host")
  public Optional<String> server = Optional.empty();

  @Option(names = "--token", paramLabel = "T", description = "bootstrap token to join with")
  public Optional<String> token = Optional.empty();

  @Option(
      names = "--node-labels",
      split = ",",
      paramLabel = "K=V",
      description = "labels of the node, such as topology.kubernetes.io/zone=a")
  public Map<String, String> nodeLabels = new LinkedHashMap<>();

  @Option(
      names = "--node-address",
      paramLabel = "IP",
      description = "address of this host within the cluster (default: that of the default route)")
  public Optional<String> nodeAddress = Optional.empty();

  @Option(
      names = "--max-pods",
      paramLabel = "N",
      description = "most pods on this host (default: ${DEFAULT-VALUE})")
  public int maxPods = 1_000;

  @Option(names = "--cluster-cidr", paramLabel = "CIDR", description = "addresses of pods")
  public Optional<String> clusterCidr = Optional.empty();

  @Option(
      names = "--service-cluster-ip-range",
      paramLabel = "CIDR",
      description = "addresses of Services")
  public Optional<String> serviceCidr = Optional.empty();

  @Option(
      names = "--service-node-port-range",
      paramLabel = "A-B",
      description = "ports of NodePort Services (default: ${DEFAULT-VALUE})")
  public String nodePorts = "30000-32767";

  @Option(
      names = "--token-auth-file",
      paramLabel = "FILE",
      description = "static tokens: token,user,uid,\"group1,group2\" on each line")
  public Optional<Path> tokenFile = Optional.empty();

  @Option(
      names = "--authorization-mode",
      split = ",",
      paramLabel = "MODE",
      description = "AlwaysAllow, AlwaysDeny, Node, RBAC (default: Node,RBAC)")
  public List<String> authorizationModes = new ArrayList<>(List.of("Node", "RBAC"));

  @Option(
      names = "--enable-admission-plugins",
      split = ",",
      paramLabel = "PLUGIN",
      description = "admission plugins that must run, by upstream's names (all run by default)")
  public List<String> enabledPlugins = new ArrayList<>();

  @Option(
      names = "--disable-admission-plugins",
      split = ",",
      paramLabel = "PLUGIN",
      description = "admission plugins that must not run")
  public List<String> disabledPlugins = new ArrayList<>();

  @Option(
      names = "--audit-policy-file",
      paramLabel = "FILE",
      description = "which requests are written down: a Policy of audit.k8s.io/v1")
  public Optional<Path> auditPolicy = Optional.empty();

  @Option(
      names = "--audit-log-path",
      paramLabel = "FILE",
      description = "where they are written, a line of JSON for each event; - for standard output")
  public Optional<Path> auditLog = Optional.empty();

  @Option(
      names = "--audit-log-maxsize",
      paramLabel = "MB",
      description = "size at which the audit log is put aside (default: ${DEFAULT-VALUE})")
  public int auditLogSize = 100;

  @Option(
      names = "--audit-log-maxbackup",
      paramLabel = "N",
      description = "audit logs put aside that stay; 0 for all (default: ${DEFAULT-VALUE})")
  public int auditLogBackups = 100;

  @Option(
      names = "--audit-log-maxage",
      paramLabel = "DAYS",
      description = "days that they stay; 0 for ever (default: ${DEFAULT-VALUE})")
  public int auditLogAge = 366;

  @Option(
      names = "--tls-san",
      split = ",",
      paramLabel = "NAME",
      description = "further names and addresses of the API server's certificate")
  public List<String> sans = new ArrayList<>();

  @Option(
      names = "--registries",
      paramLabel = "FILE",
      description = "registries: CA, mirrors, plain http, credentials")
  public Optional<Path> registries = Optional.empty();

  @Option(
      names = "--image-quota",
      paramLabel = "SIZE",
      description =
          "most that images take on this host's disk, such as 20Gi (default: what the disk has)")
  public Optional<String> imageQuota = Optional.empty();

  @Option(
      names = "--registry-port",
      paramLabel = "PORT",
      description = "port of the built-in registry (default: a free one, the same at each start)")
  public Optional<Integer> registryPort = Optional.empty();

  @Option(
      names = "--registry-quota",
      paramLabel = "SIZE",
      description = "most that the built-in registry keeps, such as 50Gi (default: no limit)")
  public Optional<String> registryQuota = Optional.empty();

  @Option(
      names = "--registry-namespace-quota",
      paramLabel = "SIZE",
      description = "most that it keeps of each namespace (default: no limit)")
  public Optional<String> registryNamespaceQuota = Optional.empty();

  @Option(
      names = "--registry-untagged",
      paramLabel = "WHAT",
      description =
          "what becomes of images without a tag: keep, or collect after two hours (default:"
              + " ${DEFAULT-VALUE})")
  public String registryUntagged = "keep";

  @Option(
      names = "--registry-proxy",
      split = ",",
      paramLabel = "PREFIX=URL",
      description = "repositories below PREFIX are a cache of the registry at URL")
  public Map<String, String> registryProxies = new LinkedHashMap<>();

  @Option(
      names = "--registry-proxy-keep",
      paramLabel = "DAYS",
      description = "days that cached content stays after its last use (default: ${DEFAULT-VALUE})")
  public int registryProxyKeep = 7;

  @Option(
      names = "--peer",
      split = ",",
      paramLabel = "URL",
      description = "another instance that has layers of images, asked before registries")
  public List<String> peerUrls = new ArrayList<>();

  @Option(
      names = "--peer-token-file",
      paramLabel = "FILE",
      description = "secret that this and the named instances were given")
  public Optional<Path> peerTokenFile = Optional.empty();

  @Option(
      names = "--peer-authority",
      paramLabel = "FILE",
      description = "certificates that have signed those of the named instances")
  public Optional<Path> peerAuthority = Optional.empty();

  @Option(
      names = "--no-peers",
      description = "neither ask other hosts for layers of images nor give them any")
  public boolean noPeers;

  @Option(
      names = "--encryption-key-file",
      paramLabel = "FILE",
      description = "keys for Secrets at rest, first the one to write with")
  public Optional<Path> encryptionKeys = Optional.empty();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file of these options; unknown keys are refused")
  public Optional<Path> config = Optional.empty();

  @Option(names = "--foreground", description = "stay in the foreground, log to the terminal")
  public boolean foreground;

  /**
   * The options that were given, on the command line or in the file of {@code --config}, by their
   * long names, with their values as they were written.
   */
  public Map<String, String> given = new TreeMap<>();

  static final TreeSet<String> PARTS =
      new TreeSet<>(List.of("api", "controllers", "scheduler", "node", "dns", "registry"));
}
