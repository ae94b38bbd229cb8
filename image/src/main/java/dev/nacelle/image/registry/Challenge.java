package dev.nacelle.image.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a registry asks for in {@code WWW-Authenticate}; RFC 9110, section 11.6.1.
 *
 * @param scheme in lower case
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final int MAX_LENGTH = 8192;

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /** Reads the challenges of one header value; what is malformed ends the list. */
  static List<Challenge> parse(String header) {
    var result = new ArrayList<Challenge>();
    if (header.length() > MAX_LENGTH) {
      return result;
    }
    var scanner = new Scanner(header);
    String scheme = scanner.token();
    while (!scheme.isEmpty()) {
      var parameters = new HashMap<String, String>();
      String next = "";
      while (true) {
        scanner.skipSpacesAndCommas();
        String name = scanner.token();
        if (name.isEmpty()) {
          break;
        }
        if (!scanner.accept('=')) {
          next = name; // the scheme of the next challenge
          break;
        }
        parameters.putIfAbsent(name.toLowerCase(Locale.ROOT), scanner.value());
      }
      result.add(new Challenge(scheme.toLowerCase(Locale.ROOT), parameters));
      scheme = next;
    }
    return result;
  }

  private static final class Scanner {
    private final String text;
    private int at;

    Scanner(String text) {
      this.text = text;
    }

    String token() {
      skipSpacesAndCommas();
      int from = at;
      while (at < text.length() && " ,=\"\t".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(from, at);
    }

    void skipSpacesAndCommas() {
      while (at < text.length() && " ,\t".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    boolean accept(char c) {
      if (at < text.length() && text.charAt(at) == c) {
        at++;
        return true;
      }
      return false;
    }

    String value() {
      if (!accept('"')) {
        return token();
      }
      var value = new StringBuilder();
      while (at < text.length() && text.charAt(at) != '"') {
        if (text.charAt(at) == '\\' && at + 1 < text.length()) {
          at++;
        }
        value.append(text.charAt(at++));
      }
      accept('"');
      return value.toString();
    }
  }
}
