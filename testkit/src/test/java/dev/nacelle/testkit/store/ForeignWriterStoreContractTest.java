package dev.nacelle.testkit.store;

import dev.nacelle.store.Store;
import java.util.function.LongSupplier;

class ForeignWriterStoreContractTest extends StoreContract {
  @Override
  protected Store open(LongSupplier nanoTime) {
    return new ForeignWriterStore(42, ForeignWriterStore.Intrusion.OWN_KEYS, nanoTime);
  }
}
