package dev.nacelle.api.kinds.shared;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.base.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The formats of names, keys and numbers, worded as {@code k8s.io/apimachinery/pkg/util/validation}
 * words them. Each check gives what is wrong, nothing where all is well. Lengths are in bytes.
 */
public final class Formats {
  private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  private static final String SUBDOMAIN = LABEL + "(\\." + LABEL + ")*";
  private static final String LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
  private static final String QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
  private static final String CONFIG_KEY = "[-._a-zA-Z0-9]+";

  private static final Pattern LABEL_PATTERN = Pattern.compile(LABEL);
  private static final Pattern SUBDOMAIN_PATTERN = Pattern.compile(SUBDOMAIN);
  private static final Pattern LABEL_1035_PATTERN = Pattern.compile(LABEL_1035);
  private static final Pattern QUALIFIED_PATTERN = Pattern.compile(QUALIFIED);
  private static final Pattern CONFIG_KEY_PATTERN = Pattern.compile(CONFIG_KEY);

  private static final String QUALIFIED_WORDS =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
          + " alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for"
          + " validation is '"
          + QUALIFIED
          + "')";

  private Formats() {}

  /** Adds one error per fault. */
  public static void addInvalid(
      String path, Json value, List<String> faults, List<FieldError> errors) {
    faults.forEach(fault -> errors.add(FieldError.invalid(path, value, fault)));
  }

  public static List<String> dnsLabel(String text) {
    return check(
        text,
        63,
        LABEL_PATTERN,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and"
            + " must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc',"
            + " regex used for validation is '"
            + LABEL
            + "')");
  }

  public static List<String> dnsSubdomain(String text) {
    return check(
        text,
        253,
        SUBDOMAIN_PATTERN,
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
            + " '.', and must start and end with an alphanumeric character (e.g. 'example.com',"
            + " regex used for validation is '"
            + SUBDOMAIN
            + "')");
  }

  public static List<String> dns1035Label(String text) {
    return check(
        text,
        63,
        LABEL_1035_PATTERN,
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an"
            + " alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or"
            + " 'abc-123', regex used for validation is '"
            + LABEL_1035
            + "')");
  }

  /** Names of RBAC kinds: anything that can stand in a path. */
  public static List<String> pathSegment(String text) {
    if (text.equals(".") || text.equals("..")) {
      return List.of("may not be '" + text + "'");
    }
    var faults = new ArrayList<String>();
    for (String forbidden : List.of("/", "%")) {
      if (text.contains(forbidden)) {
        faults.add("may not contain '" + forbidden + "'");
      }
    }
    return faults;
  }

  /** A label or annotation key: {@code [prefix/]name}. */
  public static List<String> qualifiedName(String text) {
    var faults = new ArrayList<String>();
    String[] parts = text.split("/", -1);
    if (parts.length > 2) {
      return List.of(
          "a qualified name "
              + QUALIFIED_WORDS
              + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    }
    if (parts.length == 2) {
      if (parts[0].isEmpty()) {
        faults.add("prefix part must be non-empty");
      } else {
        dnsSubdomain(parts[0]).forEach(fault -> faults.add("prefix part " + fault));
      }
    }
    String name = parts[parts.length - 1];
    if (name.isEmpty()) {
      faults.add("name part must be non-empty");
    } else if (sizeBytes(name) > 63) {
      faults.add("name part must be no more than 63 bytes");
    }
    if (!QUALIFIED_PATTERN.matcher(name).matches()) {
      faults.add("name part " + QUALIFIED_WORDS);
    }
    return faults;
  }

  public static List<String> labelValue(String text) {
    var faults = new ArrayList<String>();
    if (sizeBytes(text) > 63) {
      faults.add("must be no more than 63 bytes");
    }
    if (!text.isEmpty() && !QUALIFIED_PATTERN.matcher(text).matches()) {
      faults.add(
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or"
              + " '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or"
              + " 'my_value',  or '12345', regex used for validation is '("
              + QUALIFIED
              + ")?')");
    }
    return faults;
  }

  /** A key of a ConfigMap or Secret. */
  public static List<String> configKey(String text) {
    var faults = new ArrayList<String>();
    if (sizeBytes(text) > 253) {
      faults.add("must be no more than 253 bytes");
    }
    if (!CONFIG_KEY_PATTERN.matcher(text).matches()) {
      faults.add(
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g."
              + " 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '"
              + CONFIG_KEY
              + "')");
    }
    if (text.equals(".") || text.equals("..")) {
      faults.add("must not be '" + text + "'");
    } else if (text.startsWith("..")) {
      faults.add("must not start with '..'");
    }
    return faults;
  }

  public static List<String> environmentName(String text) {
    boolean printable = text.chars().allMatch(c -> c >= 0x20 && c <= 0x7e && c != '=');
    return printable
        ? List.of()
        : List.of(
            "a valid environment variable name must consist only of printable ASCII characters"
                + " other than '='");
  }

  public static List<String> portNumber(long port) {
    return port >= 1 && port <= 65535
        ? List.of()
        : List.of("must be between 1 and 65535, inclusive");
  }

  /** An IANA service name, as ports of containers bear it. */
  public static List<String> portName(String text) {
    var faults = new ArrayList<String>();
    if (text.length() > 15) {
      faults.add("must be no more than 15 characters");
    }
    if (!text.chars().allMatch(c -> c == '-' || isLowerAlphanumeric(c))) {
      faults.add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if (text.chars().noneMatch(c -> c >= 'a' && c <= 'z')) {
      faults.add("must contain at least one letter (a-z)");
    }
    if (text.contains("--")) {
      faults.add("must not contain consecutive hyphens");
    }
    if (text.startsWith("-") || text.endsWith("-")) {
      faults.add("must not begin or end with a hyphen");
    }
    return faults;
  }

  public static List<String> ipAddress(String text) {
    return isIpv4(text) || isIpv6(text)
        ? List.of()
        : List.of("must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  }

  /** Four decimal numbers without leading zeros. */
  public static boolean isIpv4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return false;
    }
    for (String part : parts) {
      if (part.isEmpty()
          || part.length() > 3
          || (part.length() > 1 && part.charAt(0) == '0')
          || !part.chars().allMatch(c -> c >= '0' && c <= '9')
          || Integer.parseInt(part) > 255) {
        return false;
      }
    }
    return true;
  }

  /** Eight groups of hexadecimal digits, one run of zeros may be left out; no zone. */
  public static boolean isIpv6(String text) {
    int gap = text.indexOf("::");
    if (gap >= 0) {
      return text.indexOf("::", gap + 1) < 0
          && groups(text.substring(0, gap), false) >= 0
          && groups(text.substring(gap + 2), true) >= 0
          && groups(text.substring(0, gap), false) + groups(text.substring(gap + 2), true) < 8;
    }
    return groups(text, true) == 8;
  }

  /** How many 16-bit groups; -1 where one is malformed. */
  private static int groups(String text, boolean mayEndInIpv4) {
    if (text.isEmpty()) {
      return 0;
    }
    String[] parts = text.split(":", -1);
    int count = 0;
    for (int i = 0; i < parts.length; i++) {
      if (mayEndInIpv4 && i == parts.length - 1 && parts[i].contains(".")) {
        if (!isIpv4(parts[i])) {
          return -1;
        }
        count += 2;
      } else if (parts[i].isEmpty()
          || parts[i].length() > 4
          || !parts[i].chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 0x80)) {
        return -1;
      } else {
        count++;
      }
    }
    return count;
  }

  static int sizeBytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static boolean isLowerAlphanumeric(int c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }

  private static List<String> check(String text, int most, Pattern pattern, String words) {
    var faults = new ArrayList<String>();
    if (sizeBytes(text) > most) {
      faults.add("must be no more than " + most + " bytes");
    }
    // the matcher's stack grows with the number of dots
    if (text.length() <= 1024 && !pattern.matcher(text).matches()) {
      faults.add(words);
    }
    return faults;
  }
}
