package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.apiserver.storage.ObjectFormat;
import dev.nacelle.apiserver.storage.StoredObject;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.store.CommitResult;
import dev.nacelle.store.RangeRequest;
import dev.nacelle.store.Store;
import dev.nacelle.store.Transaction;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads and commits single objects. */
final class Commits {
  private final Store store;

  Commits(Store store) {
    this.store = store;
  }

  Optional<StoredObject> read(Target target) {
    return read(target.definition(), target.storeKey());
  }

  Optional<StoredObject> read(ResourceDefinition definition, String key) {
    if (key.length() > Store.MAX_KEY_LENGTH || !key.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      return Optional.empty();
    }
    return store
        .range(RangeRequest.key(key))
        .first()
        .map(e -> new StoredObject(definition, key, e.value(), e.modRevision()));
  }

  /**
   * Makes the key, or replaces it where {@code revision} is what it has.
   *
   * @param revision 0 for a key that must not exist
   * @return empty if a compare did not hold
   */
  Optional<StoredObject> put(
      Target target, KubeObject object, long revision, AllocationPools.Attempt allocations) {
    Bytes bytes = ObjectFormat.encode(target.definition(), target.version().name(), object);
    var transaction = Transaction.builder();
    transaction.ifModRevision(target.storeKey(), revision).put(target.storeKey(), bytes);
    allocations.addTo(transaction);
    OptionalLong committed = commit(transaction);
    return committed.isEmpty()
        ? Optional.empty()
        : Optional.of(
            StoredObject.written(
                target.definition(),
                target.storeKey(),
                bytes,
                committed.getAsLong(),
                target.version().name(),
                object));
  }

  /** Removes the key if it has the revision; empty if it has not. */
  OptionalLong remove(Target target, long revision, AllocationPools.Attempt allocations) {
    var transaction = Transaction.builder();
    transaction.ifModRevision(target.storeKey(), revision).deleteKey(target.storeKey());
    allocations.addTo(transaction);
    return commit(transaction);
  }

  private OptionalLong commit(Transaction.Builder builder) {
    Transaction transaction;
    try {
      transaction = builder.build();
    } catch (IllegalArgumentException e) {
      throw ApiException.tooLarge(
          "Request entity too large: limit is " + Store.MAX_TRANSACTION_BYTES);
    }
    return switch (store.commit(transaction)) {
      case CommitResult.Committed(long revision) -> OptionalLong.of(revision);
      case CommitResult.Conflict _ -> OptionalLong.empty();
      case CommitResult.Unknown(Throwable cause) ->
          throw ApiException.timeout(
              "the write may or may not have been done: " + cause.getMessage());
    };
  }
}
