package dev.nacelle.api.schema;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The formats of names, labels and values, with the messages of {@code
 * k8s.io/apimachinery/pkg/util/validation}. Each method gives what is wrong, empty if nothing.
 */
public final class NameFormats {
  private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  private static final String SUBDOMAIN = LABEL + "(\\." + LABEL + ")*";
  private static final String DNS_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
  private static final String NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
  private static final String VALUE = "(" + NAME + ")?";

  private static final Pattern LABEL_PATTERN = Pattern.compile(LABEL);
  private static final Pattern SUBDOMAIN_PATTERN = Pattern.compile(SUBDOMAIN);
  private static final Pattern DNS_1035_PATTERN = Pattern.compile(DNS_1035);
  private static final Pattern NAME_PATTERN =
      Pattern.compile("[A-Za-z0-9]|[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]");

  private static final String NAME_WORDS =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
          + " alphanumeric character";

  private NameFormats() {}

  /** {@code [prefix/]name}, as label and annotation keys are. */
  public static List<String> qualifiedName(String text) {
    var errors = new ArrayList<String>();
    String[] parts = text.split("/", -1);
    if (parts.length > 2) {
      return List.of(
          "a qualified name "
              + regexError(NAME_WORDS, NAME, "MyName", "my.name", "123-abc")
              + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    }
    if (parts.length == 2) {
      if (parts[0].isEmpty()) {
        errors.add("prefix part must be non-empty");
      } else {
        dns1123Subdomain(parts[0]).forEach(e -> errors.add("prefix part " + e));
      }
    }
    String name = parts[parts.length - 1];
    if (name.isEmpty()) {
      errors.add("name part must be non-empty");
    } else if (bytes(name) > 63) {
      errors.add("name part must be no more than 63 bytes");
    }
    if (!matches(NAME_PATTERN, name, 63)) {
      errors.add("name part " + regexError(NAME_WORDS, NAME, "MyName", "my.name", "123-abc"));
    }
    return errors;
  }

  public static List<String> labelValue(String text) {
    var errors = new ArrayList<String>();
    if (bytes(text) > 63) {
      errors.add("must be no more than 63 bytes");
    }
    if (!text.isEmpty() && !matches(NAME_PATTERN, text, 63)) {
      errors.add(
          regexError(
              "a valid label must be an empty string or consist of alphanumeric characters, '-',"
                  + " '_' or '.', and must start and end with an alphanumeric character",
              VALUE,
              "MyValue",
              "my_value",
              "12345"));
    }
    return errors;
  }

  /** The usual format of object names. */
  public static List<String> dns1123Subdomain(String text) {
    var errors = new ArrayList<String>();
    if (bytes(text) > 253) {
      errors.add("must be no more than 253 bytes");
    }
    if (!matches(SUBDOMAIN_PATTERN, text, 253)) {
      errors.add(
          regexError(
              "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,"
                  + " '-' or '.', and must start and end with an alphanumeric character",
              SUBDOMAIN,
              "example.com"));
    }
    return errors;
  }

  public static List<String> dns1123Label(String text) {
    var errors = new ArrayList<String>();
    if (bytes(text) > 63) {
      errors.add("must be no more than 63 bytes");
    }
    if (!matches(LABEL_PATTERN, text, 63)) {
      errors.add(
          regexError(
              "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or"
                  + " '-', and must start and end with an alphanumeric character",
              LABEL,
              "my-name",
              "123-abc"));
    }
    return errors;
  }

  public static List<String> dns1035Label(String text) {
    var errors = new ArrayList<String>();
    if (bytes(text) > 63) {
      errors.add("must be no more than 63 bytes");
    }
    if (!matches(DNS_1035_PATTERN, text, 63)) {
      errors.add(
          regexError(
              "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start"
                  + " with an alphabetic character, and end with an alphanumeric character",
              DNS_1035,
              "my-name",
              "abc-123"));
    }
    return errors;
  }

  /** The length that is matched is bounded: a text that is too long counts as its beginning. */
  private static boolean matches(Pattern pattern, String text, int bound) {
    if (text.length() > bound) {
      return text.chars().allMatch(c -> c < 0x80 && c > 0x2C && c != '/');
    }
    return pattern.matcher(text).matches();
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static String regexError(String words, String regex, String... examples) {
    var text = new StringBuilder(words).append(" (e.g. ");
    for (int i = 0; i < examples.length; i++) {
      text.append(i > 0 ? " or " : "").append("'").append(examples[i]).append("', ");
    }
    return text.append("regex used for validation is '").append(regex).append("')").toString();
  }
}
