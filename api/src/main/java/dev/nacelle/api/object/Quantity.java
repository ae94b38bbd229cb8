package dev.nacelle.api.object;

import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonString;
import dev.nacelle.base.json.JsonWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * An amount of a resource, as {@code k8s.io/apimachinery/pkg/api/resource.Quantity}: a decimal
 * number with a suffix ({@code 500m}, {@code 2Gi}, {@code 1e3}). Amounts are kept to a billionth,
 * rounded away from zero, and are at most 2^63-1. Compares by amount alone; {@code 1Ki} and {@code
 * 1024} are equal in order, but not equal as values, since they are written differently.
 */
public record Quantity(BigDecimal amount, Format format) implements Comparable<Quantity> {
  private static final String DECIMAL_SUFFIXES = "num kMGTPE";
  private static final String BINARY_SUFFIXES = "KMGTPE";
  private static final BigDecimal MOST = BigDecimal.valueOf(Long.MAX_VALUE);
  private static final BigInteger BINARY_STEP = BigInteger.valueOf(1024);
  private static final int MAX_LENGTH = 256;

  public static final Quantity ZERO = new Quantity(BigDecimal.ZERO, Format.DECIMAL_SI);

  /** How an amount is written. */
  public enum Format {
    /** {@code 1500m}, {@code 3k}. */
    DECIMAL_SI,
    /** {@code 64Mi}. */
    BINARY_SI,
    /** {@code 12e6}. */
    DECIMAL_EXPONENT
  }

  public Quantity {
    BigDecimal bounded = amount.abs().min(MOST).setScale(9, RoundingMode.UP).stripTrailingZeros();
    amount = amount.signum() < 0 ? bounded.negate() : bounded;
  }

  /** Whole units. */
  public static Quantity of(long units) {
    return new Quantity(BigDecimal.valueOf(units), Format.DECIMAL_SI);
  }

  public static Quantity ofMillis(long millis) {
    return new Quantity(BigDecimal.valueOf(millis, 3), Format.DECIMAL_SI);
  }

  /** Written with binary suffixes. */
  public static Quantity ofBytes(long bytes) {
    return new Quantity(BigDecimal.valueOf(bytes), Format.BINARY_SI);
  }

  /**
   * @throws IllegalArgumentException if the text is no quantity; the message is upstream's
   */
  public static Quantity parse(String text) {
    int end = 0;
    while (end < text.length() && isNumeric(text, end)) {
      end++;
    }
    if (end == 0 || text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "quantities must match the regular expression"
              + " '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    }
    BigDecimal number;
    try {
      number = new BigDecimal(text.substring(0, end));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("unable to parse numeric part of quantity");
    }
    return withSuffix(number, text.substring(end));
  }

  /** The quantity in a JSON string or number; empty where it is none. */
  public static Optional<Quantity> read(Json value) {
    try {
      return switch (value) {
        case JsonString s -> Optional.of(parse(s.value().strip()));
        case JsonNumber n -> Optional.of(parse(JsonWriter.write(n).toUtf8()));
        default -> Optional.empty();
      };
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  public Quantity plus(Quantity other) {
    return new Quantity(amount.add(other.amount), amount.signum() == 0 ? other.format : format);
  }

  public Quantity minus(Quantity other) {
    return new Quantity(
        amount.subtract(other.amount), amount.signum() == 0 ? other.format : format);
  }

  public boolean isZero() {
    return amount.signum() == 0;
  }

  public boolean isNegative() {
    return amount.signum() < 0;
  }

  /** Whole units (bytes, cores), rounded away from zero. */
  public long units() {
    return capped(amount);
  }

  /** Thousandths of a unit, rounded away from zero. */
  public long millis() {
    return capped(amount.movePointRight(3));
  }

  @Override
  public int compareTo(Quantity other) {
    return amount.compareTo(other.amount);
  }

  /** The canonical text: no fraction, the largest suffix that loses nothing. */
  @Override
  public String toString() {
    if (amount.signum() == 0) {
      return "0";
    }
    boolean small = amount.abs().compareTo(new BigDecimal(BINARY_STEP)) < 0;
    return format == Format.BINARY_SI && !small && amount.scale() <= 0 ? binary() : decimal();
  }

  private String binary() {
    BigInteger value = amount.toBigIntegerExact();
    int step = 0;
    while (step < BINARY_SUFFIXES.length() && value.mod(BINARY_STEP).signum() == 0) {
      value = value.divide(BINARY_STEP);
      step++;
    }
    return step == 0 ? value.toString() : value + BINARY_SUFFIXES.substring(step - 1, step) + "i";
  }

  private String decimal() {
    int exponent = Math.floorDiv(-amount.scale(), 3) * 3;
    String digits = amount.movePointLeft(exponent).toBigIntegerExact().toString();
    if (exponent == 0) {
      return digits;
    }
    return format == Format.DECIMAL_EXPONENT
        ? digits + "e" + exponent
        : digits + DECIMAL_SUFFIXES.charAt(exponent / 3 + 3);
  }

  private static boolean isNumeric(String text, int at) {
    char c = text.charAt(at);
    return (c >= '0' && c <= '9') || c == '.' || (at == 0 && (c == '+' || c == '-'));
  }

  private static Quantity withSuffix(BigDecimal number, String suffix) {
    if (suffix.isEmpty()) {
      return new Quantity(number, Format.DECIMAL_SI);
    }
    if (suffix.length() == 1) {
      int at = DECIMAL_SUFFIXES.indexOf(suffix.charAt(0));
      if (at >= 0 && suffix.charAt(0) != ' ') {
        return new Quantity(number.scaleByPowerOfTen((at - 3) * 3), Format.DECIMAL_SI);
      }
    }
    if (suffix.length() == 2 && suffix.charAt(1) == 'i') {
      int at = BINARY_SUFFIXES.indexOf(suffix.charAt(0));
      if (at >= 0) {
        return new Quantity(
            number.multiply(new BigDecimal(BINARY_STEP.pow(at + 1))), Format.BINARY_SI);
      }
    }
    if (suffix.matches("[eE][-+]?[0-9]{1,3}")) {
      int exponent = Integer.parseInt(suffix.substring(suffix.startsWith("+", 1) ? 2 : 1));
      return new Quantity(number.scaleByPowerOfTen(exponent), Format.DECIMAL_EXPONENT);
    }
    throw new IllegalArgumentException("unable to parse quantity's suffix");
  }

  private static long capped(BigDecimal value) {
    return value.setScale(0, RoundingMode.UP).min(MOST).max(MOST.negate()).longValueExact();
  }
}
