package dev.nacelle.api.kinds.containers;

import dev.nacelle.api.kinds.shared.KindHooks;

final class ContainerGroupProfileHooks implements KindHooks {}
