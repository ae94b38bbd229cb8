package dev.nacelle.base.json;

/**
 * A JSON number: an integer of 64 bits, or a decimal of double precision, as the Go decoder of
 * Kubernetes keeps them apart.
 */
public sealed interface JsonNumber extends Json {

  long longValue();

  double doubleValue();

  /** A number without fraction or exponent that fits 64 bits. */
  record Integer(long value) implements JsonNumber {
    @Override
    public long longValue() {
      return value;
    }

    @Override
    public double doubleValue() {
      return value;
    }

    @Override
    public boolean equals(Object other) {
      return switch (other) {
        case Integer that -> value == that.value;
        case Decimal that -> value == that.value;
        case null, default -> false;
      };
    }

    @Override
    public int hashCode() {
      return Double.hashCode(value);
    }
  }

  /** Any other number; never NaN or infinite. */
  record Decimal(double value) implements JsonNumber {
    public Decimal {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException("not a JSON number: " + value);
      }
    }

    @Override
    public long longValue() {
      return (long) value;
    }

    @Override
    public double doubleValue() {
      return value;
    }

    @Override
    public boolean equals(Object other) {
      return switch (other) {
        case Integer that -> value == that.value;
        case Decimal that -> Double.compare(value, that.value) == 0;
        case null, default -> false;
      };
    }

    @Override
    public int hashCode() {
      return Double.hashCode(value);
    }
  }
}
