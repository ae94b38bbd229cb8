package dev.nacelle.api.kinds.apps;

import dev.nacelle.api.kinds.shared.KindHooks;

final class ReplicaSetHooks implements KindHooks {}
