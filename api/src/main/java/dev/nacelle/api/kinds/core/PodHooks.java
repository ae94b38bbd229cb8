package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.KindHooks;

final class PodHooks implements KindHooks {}
