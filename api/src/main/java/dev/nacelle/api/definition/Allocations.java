package dev.nacelle.api.definition;

import java.util.Optional;

/**
 * Cluster-wide pools of unique values. What is taken or released commits in the same transaction as
 * the object, or not at all.
 */
public interface Allocations {

  /** The pools. */
  enum Pool {
    SERVICE_IP,
    NODE_PORT
  }

  /** A value could not be had; {@code getMessage} is the detail of the field error. */
  final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    public UnavailableException(String message) {
      super(message);
    }
  }

  /**
   * Takes the requested value, or a free one.
   *
   * @throws UnavailableException if it is out of range or taken, or the pool is empty; the message
   *     is upstream's
   */
  String take(Pool pool, Optional<String> requested) throws UnavailableException;

  /** Gives a value back; one that is not taken is ignored. */
  void release(Pool pool, String value);
}
