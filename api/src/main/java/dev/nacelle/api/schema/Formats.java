package dev.nacelle.api.schema;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The string formats that schemas of custom kinds may name. Unknown formats allow everything. */
final class Formats {
  private static final int MAX_LENGTH = 2048;
  private static final Pattern DATE_TIME =
      Pattern.compile(
          "\\d{4}-\\d{2}-\\d{2}[Tt ]\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?([Zz]|[+-]\\d{2}:\\d{2})");
  private static final Pattern EMAIL =
      Pattern.compile("[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)*");
  private static final Pattern HOSTNAME =
      Pattern.compile(
          "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*");
  private static final Pattern UUID =
      Pattern.compile(
          "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern MAC = Pattern.compile("[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}");
  private static final Pattern DURATION =
      Pattern.compile(
          "0|[-+]?((\\d+(\\.\\d*)?|\\.\\d+)(ns|us|µs|μs|ms|s|m|h)){1,16}"
              + "|\\d+ *(ns|nanos?|us|µs|micros?|ms|millis?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)");
  private static final Pattern IPV4_PART = Pattern.compile("0|[1-9][0-9]{0,2}");
  private static final Pattern IPV6_PART = Pattern.compile("[0-9a-fA-F]{1,4}");
  private static final Pattern COLOR = Pattern.compile("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})");

  private Formats() {}

  static boolean isValid(String format, String text) {
    if (format.equals("byte")) {
      return isBase64(text);
    }
    return check(format).map(c -> text.length() <= MAX_LENGTH && c.test(text)).orElse(true);
  }

  private static Optional<Predicate<String>> check(String format) {
    return switch (format) {
      case "date-time", "datetime" -> Optional.of(Formats::isDateTime);
      case "date" -> Optional.of(Formats::isDate);
      case "duration" -> Optional.of(DURATION.asMatchPredicate());
      case "email" -> Optional.of(EMAIL.asMatchPredicate());
      case "hostname" -> Optional.of(t -> t.length() <= 255 && HOSTNAME.matcher(t).matches());
      case "ipv4" -> Optional.of(Formats::isIpv4);
      case "ipv6" -> Optional.of(Formats::isIpv6);
      case "cidr" -> Optional.of(Formats::isCidr);
      case "mac" -> Optional.of(MAC.asMatchPredicate());
      case "uri" -> Optional.of(Formats::isUri);
      case "uuid" -> Optional.of(UUID.asMatchPredicate());
      case "uuid3" -> Optional.of(t -> isUuid(t, '3'));
      case "uuid4" -> Optional.of(t -> isUuid(t, '4'));
      case "uuid5" -> Optional.of(t -> isUuid(t, '5'));
      case "hexcolor" -> Optional.of(COLOR.asMatchPredicate());
      case "k8s-short-name" -> Optional.of(t -> NameFormats.dns1123Label(t).isEmpty());
      case "k8s-long-name" -> Optional.of(t -> NameFormats.dns1123Subdomain(t).isEmpty());
      default -> Optional.empty();
    };
  }

  private static boolean isBase64(String text) {
    try {
      Base64.getDecoder().decode(text);
      return text.length() % 4 == 0;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** RFC 3339. */
  static boolean isDateTime(String text) {
    if (text.length() > 64 || !DATE_TIME.matcher(text).matches()) {
      return false;
    }
    try {
      int fraction = text.indexOf('.');
      int zone = Math.max(text.lastIndexOf('+'), Math.max(text.lastIndexOf('-'), -1));
      String offset = zone > 18 ? text.substring(zone) : "Z";
      String seconds = (fraction < 0 ? text : text.substring(0, fraction)).substring(0, 19);
      OffsetDateTime.parse(seconds.replace(' ', 'T').replace('t', 'T') + offset);
      return true;
    } catch (DateTimeException e) {
      return false;
    }
  }

  private static boolean isDate(String text) {
    try {
      LocalDate.parse(text);
      return text.length() == 10;
    } catch (DateTimeException e) {
      return false;
    }
  }

  private static boolean isUuid(String text, char version) {
    return UUID.matcher(text).matches() && text.replace("-", "").charAt(12) == version;
  }

  private static boolean isIpv4(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      return false;
    }
    for (String part : parts) {
      if (!IPV4_PART.matcher(part).matches() || Integer.parseInt(part) > 255) {
        return false;
      }
    }
    return true;
  }

  private static boolean isIpv6(String text) {
    if (text.length() > 45 || !text.contains(":")) {
      return false;
    }
    int gap = text.indexOf("::");
    if (gap != text.lastIndexOf("::")) {
      return false;
    }
    String head = gap < 0 ? text : text.substring(0, gap);
    String tail = gap < 0 ? "" : text.substring(gap + 2);
    int groups = groups(head, gap < 0) + groups(tail, true);
    return groups >= 0 && (gap < 0 ? groups == 8 : groups < 8);
  }

  /** The 16-bit groups of a part, hugely negative if it is malformed. */
  private static int groups(String part, boolean mayEndInIpv4) {
    if (part.isEmpty()) {
      return 0;
    }
    String[] groups = part.split(":", -1);
    int count = 0;
    for (int i = 0; i < groups.length; i++) {
      if (i == groups.length - 1 && mayEndInIpv4 && isIpv4(groups[i])) {
        count += 2;
      } else if (IPV6_PART.matcher(groups[i]).matches()) {
        count++;
      } else {
        return -100;
      }
    }
    return count;
  }

  private static boolean isCidr(String text) {
    int slash = text.indexOf('/');
    if (slash < 0 || !text.substring(slash + 1).matches("0|[1-9][0-9]{0,2}")) {
      return false;
    }
    String address = text.substring(0, slash);
    int length = Integer.parseInt(text.substring(slash + 1));
    return isIpv4(address) ? length <= 32 : isIpv6(address) && length <= 128;
  }

  /** As Go's {@code url.ParseRequestURI}: absolute, or a path from the root. */
  private static boolean isUri(String text) {
    try {
      var uri = new java.net.URI(text);
      return uri.isAbsolute() || text.startsWith("/");
    } catch (java.net.URISyntaxException e) {
      return false;
    }
  }
}
