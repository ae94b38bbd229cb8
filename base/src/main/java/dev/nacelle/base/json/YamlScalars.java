package dev.nacelle.base.json;

import java.math.BigInteger;
import java.util.Set;
import java.util.regex.Pattern;

/** What a plain YAML scalar means, by the YAML 1.1 flavoured rules of Kubernetes' Go library. */
final class YamlScalars {
  private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");
  private static final Set<String> TRUE =
      Set.of("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON");
  private static final Set<String> FALSE =
      Set.of("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF");
  private static final Set<String> NOT_FINITE =
      Set.of(
          ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
          "-.Inf", "-.INF");
  private static final Pattern FLOAT =
      Pattern.compile("[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?");
  private static final Pattern INTEGER =
      Pattern.compile("([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)");

  private YamlScalars() {}

  /**
   * @throws JsonSyntaxException if it is a number that JSON does not have
   */
  static Json resolve(String text) {
    if (NULLS.contains(text)) {
      return JsonNull.NULL;
    }
    char first = text.charAt(0);
    if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') {
      return number(text);
    }
    if (TRUE.contains(text)) {
      return JsonBoolean.TRUE;
    }
    return FALSE.contains(text) ? JsonBoolean.FALSE : new JsonString(text);
  }

  private static Json number(String text) {
    if (NOT_FINITE.contains(text)) {
      throw new JsonSyntaxException("JSON has no number " + text);
    }
    String digits = text.replace("_", "");
    var integer = INTEGER.matcher(digits);
    if (integer.matches()) {
      BigInteger value = integer(integer.group(2));
      if (integer.group(1).equals("-")) {
        value = value.negate();
      }
      return value.bitLength() < 64
          ? new JsonNumber.Integer(value.longValue())
          : new JsonNumber.Decimal(value.doubleValue());
    }
    if (FLOAT.matcher(digits).matches()) {
      double value = Double.parseDouble(digits);
      if (!Double.isFinite(value)) {
        throw new JsonSyntaxException("number out of range: " + text);
      }
      return new JsonNumber.Decimal(value);
    }
    return new JsonString(text);
  }

  private static BigInteger integer(String digits) {
    if (digits.length() > 1 && digits.charAt(0) == '0') {
      return switch (digits.charAt(1)) {
        case 'x', 'X' -> new BigInteger(digits.substring(2), 16);
        case 'b', 'B' -> new BigInteger(digits.substring(2), 2);
        case 'o', 'O' -> new BigInteger(digits.substring(2), 8);
        default -> new BigInteger(digits.substring(1), 8);
      };
    }
    return new BigInteger(digits);
  }
}
