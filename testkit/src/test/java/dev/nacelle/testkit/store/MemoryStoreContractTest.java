package dev.nacelle.testkit.store;

import dev.nacelle.store.Store;
import java.util.function.LongSupplier;

class MemoryStoreContractTest extends StoreContract {
  @Override
  protected Store open(LongSupplier nanoTime) {
    return new MemoryStore(nanoTime);
  }
}
