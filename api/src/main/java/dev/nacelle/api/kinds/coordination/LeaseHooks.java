package dev.nacelle.api.kinds.coordination;

import dev.nacelle.api.kinds.shared.KindHooks;

final class LeaseHooks implements KindHooks {}
