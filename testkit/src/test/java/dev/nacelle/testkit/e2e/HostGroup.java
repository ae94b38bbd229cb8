package dev.nacelle.testkit.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.testbed.HostNetwork;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A cluster of hosts that are network namespaces: the first one runs everything, the others join it
 * and run their node alone. Closing it ends all of them, whatever state they are in. For one
 * thread.
 */
final class HostGroup implements AutoCloseable {
  private static final int PORT = 6443;
  private static final Pattern TOKEN = Pattern.compile("\\b[a-z0-9]{6}\\.[a-z0-9]{16}\\b");

  private final HostNetwork network;
  private final List<NamespacedHost> hosts = new ArrayList<>();

  private HostGroup(HostNetwork network) {
    this.network = network;
  }

  /** Why there can be none, by name; empty if there can. */
  static Optional<String> missing() {
    return PlatformUnderTest.missing()
        .or(
            () ->
                Command.find("nsenter").isEmpty()
                    ? Optional.of("hosts that are namespaces need nsenter")
                    : Optional.empty());
  }

  /** Hosts on which nothing runs yet. */
  static HostGroup of(String... names) throws IOException, InterruptedException {
    var group = new HostGroup(HostNetwork.of(names.length));
    for (int i = 0; i < names.length; i++) {
      group.hosts.add(new NamespacedHost(group.network.hosts().get(i), names[i]));
    }
    return group;
  }

  HostNetwork network() {
    return network;
  }

  List<NamespacedHost> hosts() {
    return hosts;
  }

  NamespacedHost first() {
    return hosts.getFirst();
  }

  NamespacedHost host(String name) {
    return hosts.stream().filter(h -> h.name().equals(name)).findFirst().orElseThrow();
  }

  /** The URL of the API. */
  String server() {
    return "https://" + first().address() + ":" + PORT;
  }

  /** Starts the first host with some more flags. */
  void start(String... flags) {
    var always = new ArrayList<>(List.of("--port", Integer.toString(PORT)));
    always.addAll(List.of(flags));
    first().up(always);
  }

  /** Joins another one, with some more flags; what was printed. */
  String join(NamespacedHost host, String... flags) {
    Matcher token = TOKEN.matcher(first().verb("token", "create").run().ok());
    assertThat(token.find()).as("a token was printed").isTrue();
    var always = new ArrayList<>(List.of("--parts=node", "--server", server()));
    always.addAll(List.of(flags));
    return host.up(always, "--token", token.group());
  }

  Kubectl kubectl() {
    return new Kubectl(
        first()
            .command("kubectl", "--kubeconfig", first().data().resolve("kubeconfig").toString())
            .env("HOME", first().scratch().toString()));
  }

  /** The ends of all logs. */
  String logTails() {
    return String.join("", hosts.stream().map(NamespacedHost::logTail).toList());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    var failures = new ArrayList<Throwable>();
    for (NamespacedHost host : hosts.reversed()) {
      try {
        host.close();
      } catch (AssertionError | UncheckedIOException e) {
        failures.add(e); // the others must go all the same
      }
    }
    network.close();
    assertThat(failures).isEmpty();
  }
}
