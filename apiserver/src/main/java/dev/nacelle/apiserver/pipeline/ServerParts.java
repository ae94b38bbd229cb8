package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.definition.ResourceRegistry;
import dev.nacelle.apiserver.admission.AdmissionSteps;
import dev.nacelle.apiserver.watch.WatchCaches;
import dev.nacelle.store.Store;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/** What the pipeline works with. */
public record ServerParts(
    Store store,
    ResourceRegistry registry,
    WatchCaches caches,
    Gate gate,
    AdmissionSteps steps,
    AllocationPools pools,
    InstantSource clock,
    RandomGenerator random) {}
