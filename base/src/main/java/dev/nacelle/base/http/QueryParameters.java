package dev.nacelle.base.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The parameters of a query, decoded, in their order; a name may appear many times. Immutable. */
public final class QueryParameters {
  public static final QueryParameters EMPTY = new QueryParameters(List.of());

  private final List<Entry> entries;

  private QueryParameters(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /** One parameter. */
  public record Entry(String name, String value) {}

  /** Reads a query without its question mark; broken percent-encoding is kept as it is. */
  public static QueryParameters parse(String rawQuery) {
    if (rawQuery.isEmpty()) {
      return EMPTY;
    }
    var entries = new ArrayList<Entry>();
    for (int at = 0; at <= rawQuery.length(); ) {
      int end = rawQuery.indexOf('&', at);
      if (end < 0) {
        end = rawQuery.length();
      }
      if (end > at) {
        int equals = rawQuery.indexOf('=', at);
        boolean bare = equals < 0 || equals > end;
        entries.add(
            new Entry(
                decode(rawQuery.substring(at, bare ? end : equals)),
                bare ? "" : decode(rawQuery.substring(equals + 1, end))));
      }
      at = end + 1;
    }
    return new QueryParameters(entries);
  }

  private static String decode(String text) {
    if (text.indexOf('%') < 0 && text.indexOf('+') < 0) {
      return text;
    }
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text;
    }
  }

  public List<Entry> entries() {
    return entries;
  }

  public Set<String> names() {
    var names = new LinkedHashSet<String>();
    entries.forEach(entry -> names.add(entry.name()));
    return names;
  }

  public Optional<String> first(String name) {
    for (Entry entry : entries) {
      if (entry.name().equals(name)) {
        return Optional.of(entry.value());
      }
    }
    return Optional.empty();
  }

  public List<String> all(String name) {
    return entries.stream().filter(e -> e.name().equals(name)).map(Entry::value).toList();
  }

  public boolean contains(String name) {
    return first(name).isPresent();
  }

  /** True when the parameter is there and not {@code false} or {@code 0} (as upstream reads it). */
  public boolean flag(String name) {
    return first(name)
        .map(value -> !value.equals("0") && !value.equalsIgnoreCase("false"))
        .orElse(false);
  }
}
