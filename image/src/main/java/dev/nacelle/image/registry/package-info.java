/**
 * Registries: the OCI distribution specification 1.1 and what Docker registries do beside it. Start
 * at {@link dev.nacelle.image.registry.RegistryClient}. Knows nothing of the local store.
 */
@NullMarked
package dev.nacelle.image.registry;

import org.jspecify.annotations.NullMarked;
