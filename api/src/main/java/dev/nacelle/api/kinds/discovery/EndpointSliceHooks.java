package dev.nacelle.api.kinds.discovery;

import dev.nacelle.api.kinds.shared.KindHooks;

final class EndpointSliceHooks implements KindHooks {}
