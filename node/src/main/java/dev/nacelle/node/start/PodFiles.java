package dev.nacelle.node.start;

import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.pod.PodView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The files that every container of a pod gets under /etc: hosts, hostname and resolv.conf. */
public final class PodFiles {
  private static final Path HOST_RESOLV = Path.of("/etc/resolv.conf");
  private static final Path HOST_HOSTS = Path.of("/etc/hosts");
  private static final int MAX_SEARCH = 32;

  private final Path directory;
  private final Optional<String> clusterDns;
  private final String clusterDomain;

  /**
   * @param directory {@code DIR/node/pods}
   */
  public PodFiles(Path directory, Optional<String> clusterDns, String clusterDomain) {
    this.directory = directory;
    this.clusterDns = clusterDns;
    this.clusterDomain = clusterDomain;
  }

  /** Where the three files are. */
  public record Paths(Path hosts, Path hostname, Path resolvConf) {}

  /**
   * Writes the files; {@code hosts} and {@code hostname} are for pods with a network of their own.
   */
  public Paths write(PodView pod, String address) throws IOException {
    Path etc = directory.resolve(pod.uid()).resolve("etc");
    Files.createDirectories(etc);
    var paths =
        new Paths(etc.resolve("hosts"), etc.resolve("hostname"), etc.resolve("resolv.conf"));
    writeIfOther(paths.hosts(), pod.isHostNetwork() ? hostNetworkHosts(pod) : hosts(pod, address));
    writeIfOther(paths.hostname(), pod.hostname() + "\n");
    writeIfOther(paths.resolvConf(), resolvConf(pod));
    return paths;
  }

  private String hosts(PodView pod, String address) {
    var text =
        new StringBuilder("# Kubernetes-managed hosts file.\n")
            .append("127.0.0.1\tlocalhost\n")
            .append("::1\tlocalhost ip6-localhost ip6-loopback\n")
            .append("fe00::0\tip6-localnet\n")
            .append("fe00::0\tip6-mcastprefix\n")
            .append("fe00::1\tip6-allnodes\n")
            .append("fe00::2\tip6-allrouters\n")
            .append(address)
            .append('\t');
    Optional<String> subdomain = pod.spec().string("subdomain").filter(s -> !s.isEmpty());
    subdomain.ifPresent(
        s ->
            text.append(pod.hostname())
                .append('.')
                .append(s)
                .append('.')
                .append(pod.object().namespace())
                .append(".svc.")
                .append(clusterDomain)
                .append('\t'));
    text.append(pod.hostname()).append('\n');
    return text.append(aliases(pod)).toString();
  }

  private static String hostNetworkHosts(PodView pod) throws IOException {
    return "# Kubernetes-managed hosts file (host network).\n"
        + Files.readString(HOST_HOSTS)
        + aliases(pod);
  }

  private static String aliases(PodView pod) {
    var text = new StringBuilder();
    List<JsonObject> aliases = pod.spec().array("hostAliases").objects().toList();
    if (!aliases.isEmpty()) {
      text.append("\n# Entries added by HostAliases.\n");
      for (JsonObject alias : aliases) {
        text.append(alias.string("ip").orElse(""))
            .append('\t')
            .append(alias.array("hostnames").strings().collect(Collectors.joining("\t")))
            .append('\n');
      }
    }
    return text.toString();
  }

  private String resolvConf(PodView pod) throws IOException {
    String policy = pod.spec().string("dnsPolicy").orElse("ClusterFirst");
    List<String> host = Files.exists(HOST_RESOLV) ? Files.readAllLines(HOST_RESOLV) : List.of();
    Set<String> servers = new LinkedHashSet<>();
    Set<String> searches = new LinkedHashSet<>();
    Set<String> options = new LinkedHashSet<>();
    boolean cluster =
        clusterDns.isPresent()
            && (policy.equals("ClusterFirstWithHostNet")
                || policy.equals("ClusterFirst") && !pod.isHostNetwork());
    if (cluster) {
      servers.add(clusterDns.get());
      searches.add(pod.object().namespace() + ".svc." + clusterDomain);
      searches.add("svc." + clusterDomain);
      searches.add(clusterDomain);
      searches.addAll(words(host, "search"));
      options.add("ndots:5");
    } else if (!policy.equals("None")) {
      servers.addAll(words(host, "nameserver"));
      searches.addAll(words(host, "search"));
      options.addAll(words(host, "options"));
    }
    JsonObject config = pod.spec().object("dnsConfig");
    config.array("nameservers").strings().forEach(servers::add);
    config.array("searches").strings().forEach(searches::add);
    for (JsonObject option : config.array("options").objects().toList()) {
      String name = option.string("name").orElse("");
      options.removeIf(o -> o.equals(name) || o.startsWith(name + ":"));
      options.add(option.string("value").map(v -> name + ":" + v).orElse(name));
    }
    var lines = new ArrayList<String>();
    if (!searches.isEmpty()) {
      lines.add("search " + String.join(" ", searches.stream().limit(MAX_SEARCH).toList()));
    }
    servers.stream().limit(3).forEach(s -> lines.add("nameserver " + s));
    if (!options.isEmpty()) {
      lines.add("options " + String.join(" ", options));
    }
    return lines.stream().map(l -> l + "\n").collect(Collectors.joining());
  }

  private static List<String> words(List<String> lines, String keyword) {
    return lines.stream()
        .map(String::strip)
        .filter(l -> l.startsWith(keyword + " ") || l.startsWith(keyword + "\t"))
        .flatMap(l -> List.of(l.substring(keyword.length()).strip().split("\\s+")).stream())
        .toList();
  }

  private static void writeIfOther(Path file, String text) throws IOException {
    try {
      if (Files.readString(file).equals(text)) {
        return;
      }
    } catch (NoSuchFileException e) {
      // the first time
    }
    // in place: containers have the file itself mounted
    Files.writeString(file, text);
  }
}
