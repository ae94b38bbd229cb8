package dev.nacelle.api.kinds.shared;

import java.util.List;
import java.util.function.Function;

/** What the name of an object of a kind may look like. */
public enum NameRule {
  DNS_SUBDOMAIN(Formats::dnsSubdomain),
  DNS_LABEL(Formats::dnsLabel),
  DNS_1035_LABEL(Formats::dns1035Label),
  PATH_SEGMENT(Formats::pathSegment);

  private final Function<String, List<String>> check;

  NameRule(Function<String, List<String>> check) {
    this.check = check;
  }

  /** What is wrong with a name. */
  public List<String> faults(String name) {
    return check.apply(name);
  }

  /** What is wrong with a {@code generateName}: the generated part will end it well. */
  public List<String> prefixFaults(String prefix) {
    boolean masked = this != PATH_SEGMENT && prefix.length() > 1 && prefix.endsWith("-");
    return faults(masked ? prefix.substring(0, prefix.length() - 1) + "a" : prefix);
  }
}
