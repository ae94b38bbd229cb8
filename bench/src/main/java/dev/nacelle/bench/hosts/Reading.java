package dev.nacelle.bench.hosts;

import dev.nacelle.bench.report.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What reading the image on some hosts took.
 *
 * @param way how they read
 * @param away of the registry, in milliseconds
 */
record Reading(String way, String away, List<OfHost> hosts) {
  /**
   * What it took one of them.
   *
   * @param registryBytes that the registry sent it, headers included
   * @param peerBytes of chunks that it had from others
   */
  record OfHost(double seconds, long registryBytes, long peerBytes) {}

  Reading {
    hosts = List.copyOf(hosts);
  }

  double slowestSeconds() {
    return hosts.stream().mapToDouble(OfHost::seconds).max().orElse(0);
  }

  long registryBytes() {
    return hosts.stream().mapToLong(OfHost::registryBytes).sum();
  }

  static Table table() {
    return new Table(
        "",
        "ms away",
        "hosts",
        "seconds, each host",
        "MB from the registry, each",
        "all",
        "MB from peers, each");
  }

  void print(Table table) {
    table.row(
        way,
        away,
        String.valueOf(hosts.size()),
        each(OfHost::seconds),
        each(h -> h.registryBytes() / 1e6),
        Table.number(registryBytes() / 1e6),
        each(h -> h.peerBytes() / 1e6));
  }

  private String each(ToDoubleFunction<OfHost> figure) {
    var words = new ArrayList<String>();
    hosts.forEach(h -> words.add(Table.number(figure.applyAsDouble(h))));
    return String.join(" / ", words);
  }
}
