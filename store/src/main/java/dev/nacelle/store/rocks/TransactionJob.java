package dev.nacelle.store.rocks;

import dev.nacelle.store.Compare;
import dev.nacelle.store.LeaseNotFoundException;
import dev.nacelle.store.Operation;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides a transaction.
 *
 * @param operations with encoded values
 */
record TransactionJob(List<Compare> compares, List<Operation> operations, Leases leases)
    implements Job<TransactionJob.Decision> {
  sealed interface Decision {
    record Done(long revision) implements Decision {}

    record Refused(List<Version> current, long revision) implements Decision {}
  }

  @Override
  public Decision decide(CommitBatch batch) {
    boolean holds = true;
    List<Version> current = new ArrayList<>(compares.size());
    for (Compare compare : compares) {
      Version found = batch.current(compare.key());
      holds &= compare.modRevision() == (found == null ? 0 : found.modRevision());
      if (found != null) {
        current.add(found);
      }
    }
    if (!holds) {
      return new Decision.Refused(current, batch.revision());
    }
    for (Operation operation : operations) {
      if (operation instanceof Operation.Put put && put.lease() != 0) {
        requireLease(batch, put.lease());
      }
    }
    for (Operation operation : operations) {
      switch (operation) {
        case Operation.Put put -> batch.put(put.key(), put.value(), put.lease());
        case Operation.DeleteKey delete -> batch.delete(delete.key());
        case Operation.DeletePrefix delete -> batch.keys(delete.prefix()).forEach(batch::delete);
      }
    }
    return new Decision.Done(batch.endCommit());
  }

  private void requireLease(CommitBatch batch, long lease) {
    if (!leases.exists(lease) || batch.hasEnded(lease)) {
      throw new LeaseNotFoundException(lease);
    }
  }
}
