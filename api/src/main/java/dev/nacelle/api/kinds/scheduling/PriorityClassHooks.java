package dev.nacelle.api.kinds.scheduling;

import dev.nacelle.api.kinds.shared.KindHooks;

final class PriorityClassHooks implements KindHooks {}
