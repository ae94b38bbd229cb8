package dev.nacelle.store;

import dev.nacelle.base.bytes.Bytes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * If all compares hold, do all operations. No key may be touched by two operations (as in etcd).
 *
 * @throws IllegalArgumentException if it is over a limit of {@link Store}, or a key is touched
 *     twice
 */
public record Transaction(List<Compare> compares, List<Operation> operations) {
  public Transaction {
    compares = List.copyOf(compares);
    operations = List.copyOf(operations);
    if (compares.size() > Store.MAX_OPERATIONS || operations.size() > Store.MAX_OPERATIONS) {
      throw new IllegalArgumentException(
          "cannot commit: "
              + compares.size()
              + " compares and "
              + operations.size()
              + " operations, at most "
              + Store.MAX_OPERATIONS
              + " of each are possible");
    }
    if (sizeBytes(compares, operations) > Store.MAX_TRANSACTION_BYTES) {
      throw new IllegalArgumentException(
          "cannot commit: the transaction is larger than "
              + Store.MAX_TRANSACTION_BYTES
              + " bytes; make the object smaller");
    }
    requireDisjoint(operations);
  }

  /** Makes a key that must not exist. */
  public static Transaction create(String key, Bytes value) {
    return update(key, 0, value);
  }

  /** Replaces a key that must be as it was at {@code modRevision}. */
  public static Transaction update(String key, long modRevision, Bytes value) {
    return new Transaction(
        List.of(new Compare(key, modRevision)), List.of(new Operation.Put(key, value, 0)));
  }

  /** Deletes a key that must be as it was at {@code modRevision}. */
  public static Transaction delete(String key, long modRevision) {
    return new Transaction(
        List.of(new Compare(key, modRevision)), List.of(new Operation.DeleteKey(key)));
  }

  /** Sets a key, whatever it was. */
  public static Transaction put(String key, Bytes value) {
    return new Transaction(List.of(), List.of(new Operation.Put(key, value, 0)));
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The bytes that count against {@link Store#MAX_TRANSACTION_BYTES}. */
  public int sizeBytes() {
    return Math.toIntExact(sizeBytes(compares, operations));
  }

  private static long sizeBytes(List<Compare> compares, List<Operation> operations) {
    long size = 0;
    for (Compare compare : compares) {
      size += compare.key().length();
    }
    for (Operation operation : operations) {
      size +=
          switch (operation) {
            case Operation.Put put -> put.key().length() + (long) put.value().sizeBytes();
            case Operation.DeleteKey delete -> delete.key().length();
            case Operation.DeletePrefix delete -> delete.prefix().length();
          };
    }
    return size;
  }

  private static void requireDisjoint(List<Operation> operations) {
    if (operations.size() < 2) {
      return;
    }
    Set<String> keys = new HashSet<>();
    for (Operation operation : operations) {
      switch (operation) {
        case Operation.Put put -> requireNew(keys, put.key());
        case Operation.DeleteKey delete -> requireNew(keys, delete.key());
        case Operation.DeletePrefix _ -> {}
      }
    }
    List<String> prefixes = new ArrayList<>();
    for (Operation operation : operations) {
      if (operation instanceof Operation.DeletePrefix(String prefix)) {
        for (String other : prefixes) {
          if (prefix.startsWith(other) || other.startsWith(prefix)) {
            throw touchedTwice(prefix);
          }
        }
        prefixes.add(prefix);
        for (String key : keys) {
          if (key.startsWith(prefix)) {
            throw touchedTwice(key);
          }
        }
      }
    }
  }

  private static void requireNew(Set<String> keys, String key) {
    if (!keys.add(key)) {
      throw touchedTwice(key);
    }
  }

  private static IllegalArgumentException touchedTwice(String key) {
    return new IllegalArgumentException("cannot commit: two operations touch " + key);
  }

  /** Gathers compares and operations. Not for use by several threads. */
  public static final class Builder {
    private final List<Compare> compares = new ArrayList<>();
    private final List<Operation> operations = new ArrayList<>();

    private Builder() {}

    public Builder ifAbsent(String key) {
      return ifModRevision(key, 0);
    }

    public Builder ifModRevision(String key, long modRevision) {
      compares.add(new Compare(key, modRevision));
      return this;
    }

    public Builder put(String key, Bytes value) {
      return putWithLease(key, value, 0);
    }

    public Builder putWithLease(String key, Bytes value, long lease) {
      operations.add(new Operation.Put(key, value, lease));
      return this;
    }

    public Builder deleteKey(String key) {
      operations.add(new Operation.DeleteKey(key));
      return this;
    }

    public Builder deletePrefix(String prefix) {
      operations.add(new Operation.DeletePrefix(prefix));
      return this;
    }

    public Transaction build() {
      return new Transaction(compares, operations);
    }
  }
}
