package dev.nacelle.store;

/** There is no such lease, or it has ended. */
public final class LeaseNotFoundException extends StoreException {
  private static final long serialVersionUID = 1L;

  public LeaseNotFoundException(long leaseId) {
    super("cannot use lease %d: it does not exist or has ended".formatted(leaseId));
  }
}
