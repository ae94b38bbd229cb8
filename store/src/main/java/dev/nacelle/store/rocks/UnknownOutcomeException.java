package dev.nacelle.store.rocks;

import dev.nacelle.store.StoreException;

/** A group of commits failed while it was written: it may be in the log or not. */
final class UnknownOutcomeException extends StoreException {
  private static final long serialVersionUID = 1L;

  UnknownOutcomeException(String message, Throwable cause) {
    super(message, cause);
  }
}
