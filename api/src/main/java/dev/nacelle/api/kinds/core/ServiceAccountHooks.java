package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.KindHooks;

/** Service accounts have no rules beyond those of their metadata. */
final class ServiceAccountHooks implements KindHooks {}
